using Microsoft.Data.Sqlite;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// The SQLite file behind a feature cache: a table of spaces, each the rows of one network under one preparation, and a table of
/// vectors. Its write-ahead log keeps committed rows after a kill, and lets processes read while another writes.
/// </summary>
internal static class CacheDatabase
{
    /// <summary>"OTFC" in ASCII, which distinguishes the file from other programs' databases.</summary>
    private const int ApplicationId = 0x4F544643;
    private const int SchemaVersion = 2;

    /// <summary>How long one process waits for another's commit: in a <see cref="SqliteCommand"/> and in a <see cref="CacheStatement"/>.</summary>
    private const int SecondsToWait = 30;

    /// <summary>Each format has a file of its own, so that two versions of the library work side by side.</summary>
    internal static readonly string FileName = $"features-{SchemaVersion}.sqlite";

    // A page holds six vectors of 1280 numbers, or three of 2048, with little left over. Space is given back page by page.
    private const string Layout = "PRAGMA page_size = 32768; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;";

    // Vectors of all keys are appended, so that a commit touches neighboring pages; the index finds them.
    private static readonly string s_schema = $"""
        CREATE TABLE IF NOT EXISTS space (
            id INTEGER PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, model TEXT NOT NULL, description TEXT NOT NULL, dim INTEGER NOT NULL, used INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS vector (
            id INTEGER PRIMARY KEY, space INTEGER NOT NULL REFERENCES space ON DELETE CASCADE, image BLOB NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS vector_key ON vector (space, image);
        PRAGMA application_id = {ApplicationId};
        PRAGMA user_version = {SchemaVersion};
        """;

    /// <summary>Opens the file and makes it where it does not exist or is empty.</summary>
    /// <exception cref="SqliteException">The file cannot be opened, or is damaged.</exception>
    /// <exception cref="InvalidDataException">The file is something else.</exception>
    internal static SqliteConnection Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, ForeignKeys = true, DefaultTimeout = SecondsToWait }.ToString());
        try
        {
            connection.Open();
            Check(connection, path);
            // With the write-ahead log a commit then survives the process without waiting for the disk; a power cut may cost
            // the last commits, never the file.
            connection.Execute($"PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = {1000 * SecondsToWait};");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>SQLITE_CORRUPT and SQLITE_NOTADB: the file itself is damaged; see sqlite.org/rescode.html.</summary>
    internal static bool IsDamage(Exception exception) => exception is SqliteException { SqliteErrorCode: 11 or 26 };

    /// <summary>Runs statements that return nothing of interest.</summary>
    internal static int Execute(this SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>The one number that a query returns.</summary>
    internal static long Number(this SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.Command(sql, parameters);
        return (long)command.ExecuteScalar()!;
    }

    internal static SqliteCommand Command(this SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return command;
    }

    private static void Check(SqliteConnection connection, string path)
    {
        var (application, version) = (connection.Number("PRAGMA application_id;"), connection.Number("PRAGMA user_version;"));
        if (application == ApplicationId && version == SchemaVersion) return;
        if (application == ApplicationId) throw Throw.CacheOfAnotherVersion(path, version, SchemaVersion);
        if (connection.Number("SELECT count(*) FROM sqlite_master;") > 0) throw Throw.NotACache(path);
        Create(connection);
    }

    private static void Create(SqliteConnection connection)
    {
        connection.Execute(Layout);
        // The transaction starts as a writing one: if two processes find no file, the second waits and then finds the tables.
        using var transaction = connection.BeginTransaction(deferred: false);
        using var command = connection.Command(s_schema);
        command.Transaction = transaction;
        command.ExecuteNonQuery();
        transaction.Commit();
    }
}
