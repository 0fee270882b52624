using Npgsql;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>
/// The PostgreSQL database of a cluster. Its tables are made by the first process that opens it:
/// <c>onnxtransfer_cluster</c> (the version of the list of members), <c>onnxtransfer_member</c> (the silos), <c>onnxtransfer_state</c>
/// (the jobs) and <c>onnxtransfer_refusal</c> (workers that could not join, and why).
/// </summary>
/// <param name="connection">The connection string.</param>
/// <param name="cluster">The name of the cluster; several clusters may share a database.</param>
internal sealed class ClusterDatabase(string connection, string cluster) : IAsyncDisposable
{
    /// <summary>A number that no other program is likely to lock while it makes tables.</summary>
    private const long SchemaLock = 0x6f6e6e78_74726e66;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS onnxtransfer_cluster (
            cluster text PRIMARY KEY,
            version integer NOT NULL);
        CREATE TABLE IF NOT EXISTS onnxtransfer_member (
            cluster text NOT NULL,
            silo text NOT NULL,
            etag integer NOT NULL,
            status integer NOT NULL,
            alive timestamptz NOT NULL,
            package text NOT NULL,
            entry jsonb NOT NULL,
            PRIMARY KEY (cluster, silo));
        CREATE TABLE IF NOT EXISTS onnxtransfer_state (
            cluster text NOT NULL,
            kind text NOT NULL,
            id text NOT NULL,
            etag bigint NOT NULL,
            data jsonb NOT NULL,
            PRIMARY KEY (cluster, kind, id));
        CREATE TABLE IF NOT EXISTS onnxtransfer_refusal (
            cluster text NOT NULL,
            worker text NOT NULL,
            at timestamptz NOT NULL,
            reason text NOT NULL,
            PRIMARY KEY (cluster, worker));
        """;

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connection);

    internal string Cluster { get; } = cluster;

    /// <summary>The address without its password.</summary>
    internal string Shown { get; } = DatabaseAddress.Shown(connection);

    /// <summary>Makes the tables that are not there.</summary>
    internal async Task InitializeAsync(CancellationToken cancellationToken = default)
    {
        await using var opened = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var transaction = await opened.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        // Two processes that make a table at once would collide in the catalog of the database, IF NOT EXISTS or not.
        await Command(opened, transaction, "SELECT pg_advisory_xact_lock(@lock)", ("lock", SchemaLock)).ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await Command(opened, transaction, Schema).ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await Command(opened, transaction, "INSERT INTO onnxtransfer_cluster (cluster, version) VALUES (@cluster, 0) ON CONFLICT DO NOTHING", ("cluster", Cluster))
            .ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs work in one transaction, which is undone if the work gives false or throws.</summary>
    internal async Task<bool> InTransactionAsync(Func<NpgsqlConnection, NpgsqlTransaction, Task<bool>> work, System.Data.IsolationLevel isolation = System.Data.IsolationLevel.ReadCommitted)
    {
        await using var opened = await _source.OpenConnectionAsync().ConfigureAwait(false);
        await using var transaction = await opened.BeginTransactionAsync(isolation).ConfigureAwait(false);
        if (!await work(opened, transaction).ConfigureAwait(false)) return false;
        await transaction.CommitAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Runs a command by itself and gives the number of rows it changed.</summary>
    internal async Task<int> ExecuteAsync(string sql, params (string Name, object Value)[] values)
    {
        await using var opened = await _source.OpenConnectionAsync().ConfigureAwait(false);
        await using var command = Command(opened, null, sql, [.. values, ("cluster", Cluster)]);
        return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    /// <summary>Reads rows by themselves.</summary>
    internal async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params (string Name, object Value)[] values)
    {
        await using var opened = await _source.OpenConnectionAsync().ConfigureAwait(false);
        await using var command = Command(opened, null, sql, [.. values, ("cluster", Cluster)]);
        return await ReadAsync(command, read).ConfigureAwait(false);
    }

    internal static async Task<List<T>> ReadAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, T> read)
    {
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync().ConfigureAwait(false)) rows.Add(read(reader));
        return rows;
    }

    internal static NpgsqlCommand Command(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, params (string Name, object Value)[] values)
    {
#pragma warning disable CA2100 // Every text is a constant of this folder; values are parameters.
        var command = new NpgsqlCommand(sql, connection, transaction);
#pragma warning restore CA2100
        foreach (var (name, value) in values) command.Parameters.AddWithValue(name, value);
        return command;
    }

    /// <summary>Keeps why a worker may not join, for <c>status</c>.</summary>
    internal Task RefuseAsync(string worker, string reason) => ExecuteAsync(
        "INSERT INTO onnxtransfer_refusal (cluster, worker, at, reason) VALUES (@cluster, @worker, now(), @reason) ON CONFLICT (cluster, worker) DO UPDATE SET at = now(), reason = excluded.reason",
        ("worker", worker), ("reason", reason));

    /// <summary>The workers that could not join in the last day.</summary>
    internal Task<List<RefusedWorker>> RefusedAsync() => QueryAsync(
        "SELECT worker, reason FROM onnxtransfer_refusal WHERE cluster = @cluster AND at > now() - interval '1 day' ORDER BY at",
        row => new RefusedWorker(row.GetString(0), row.GetString(1)));

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
