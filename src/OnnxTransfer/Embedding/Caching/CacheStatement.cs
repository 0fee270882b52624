using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// A prepared statement that runs once for each row. It reads and binds the memory of rows directly; a <see cref="SqliteCommand"/> makes two copies
/// of each row and a dozen objects. One thread uses it at a time.
/// </summary>
internal sealed class CacheStatement : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly sqlite3_stmt _statement;

    /// <param name="connection">An open connection, which outlives this.</param>
    /// <param name="sql">One statement, with numbered parameters.</param>
    /// <exception cref="SqliteException">The statement or the file is faulty.</exception>
    internal CacheStatement(SqliteConnection connection, string sql)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v2(connection.Handle, sql, out _statement));
    }

    /// <param name="parameter">From 1.</param>
    /// <param name="value">The value, for this run and the next ones.</param>
    internal void Bind(int parameter, long value) => Check(raw.sqlite3_bind_int64(_statement, parameter, value));

    /// <param name="parameter">From 1.</param>
    /// <param name="value">The bytes, which are copied, for this run and the next ones.</param>
    internal void Bind(int parameter, ReadOnlySpan<byte> value) => Check(raw.sqlite3_bind_blob(_statement, parameter, value));

    /// <summary>Runs up to the next row; whether there is one. Waits for other processes as long as the connection does.</summary>
    /// <exception cref="SqliteException">The statement failed.</exception>
    internal bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code is not (raw.SQLITE_ROW or raw.SQLITE_DONE)) Check(code);
        return code == raw.SQLITE_ROW;
    }

    /// <summary>A number of the row.</summary>
    /// <param name="column">From 0.</param>
    internal long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Bytes of the row, valid until <see cref="Reset"/>.</summary>
    /// <param name="column">From 0.</param>
    internal ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>Ends a run, and with it the connection's hold on the file. An error of the run was thrown by <see cref="Step"/>.</summary>
    internal void Reset() => raw.sqlite3_reset(_statement);

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _connection.Handle);
}
