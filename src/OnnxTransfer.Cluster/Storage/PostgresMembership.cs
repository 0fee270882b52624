using Npgsql;
using System.Globalization;
using System.Text.Json;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>
/// The table of members in PostgreSQL: one row for each silo, and one row for the version of the table. Every change is one transaction
/// that raises the version from the one its caller has read; of two changes at once the second fails, and its silo reads again.
/// </summary>
/// <param name="database">The database.</param>
/// <param name="package">The version of this tool. A silo of another version may not join while one is alive.</param>
internal sealed class PostgresMembership(ClusterDatabase database, string package) : IMembershipTable
{
    /// <summary>How long a silo that has not said that it is alive still counts as a member of another version.</summary>
    private const string AliveFor = "interval '30 seconds'";

    private const string Others =
        $"SELECT package FROM onnxtransfer_member WHERE cluster = @cluster AND status IN (@joining, @active) AND package <> @package AND alive > now() - {AliveFor} LIMIT 1";

    public async Task InitializeMembershipTable(bool tryInitTableVersion) => await database.InitializeAsync().ConfigureAwait(false);

    public Task DeleteMembershipTableEntries(string clusterId) => database.ExecuteAsync("DELETE FROM onnxtransfer_member WHERE cluster = @cluster");

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => database.ExecuteAsync(
        "DELETE FROM onnxtransfer_member WHERE cluster = @cluster AND status = @dead AND alive < @before",
        ("dead", (int)SiloStatus.Dead), ("before", beforeDate.ToUniversalTime()));

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAsync("AND silo = @silo", ("silo", key.ToParsableString()));

    public Task<MembershipTableData> ReadAll() => ReadAsync("");

    /// <exception cref="OnnxTransferException">A silo of another version of the tool is alive.</exception>
    public async Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion)
    {
        var refusal = "";
        var inserted = await database.InTransactionAsync(async (connection, transaction) =>
        {
            // The row of the version is locked by this update until the end, so no silo of another version can slip in beside it.
            if (!await RaiseAsync(connection, transaction, tableVersion).ConfigureAwait(false)) return false;
            await using var others = ClusterDatabase.Command(connection, transaction, Others, [("cluster", database.Cluster), .. OthersValues]);
            if (await others.ExecuteScalarAsync().ConfigureAwait(false) is string other)
            {
                refusal = ClusterErrors.OtherVersion(package, other);
                return false;
            }

            await using var insert = ClusterDatabase.Command(
                connection, transaction,
                "INSERT INTO onnxtransfer_member (cluster, silo, etag, status, alive, package, entry) VALUES (@cluster, @silo, 0, @status, @alive, @package, @entry::jsonb) ON CONFLICT DO NOTHING",
                [.. Values(entry), ("package", package)]);
            return await insert.ExecuteNonQueryAsync().ConfigureAwait(false) == 1;
        }).ConfigureAwait(false);
        if (refusal.Length > 0) throw new OnnxTransferException(refusal);
        return inserted;
    }

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => database.InTransactionAsync(async (connection, transaction) =>
    {
        if (!await RaiseAsync(connection, transaction, tableVersion).ConfigureAwait(false)) return false;
        await using var update = ClusterDatabase.Command(
            connection, transaction,
            "UPDATE onnxtransfer_member SET etag = etag + 1, status = @status, alive = @alive, entry = @entry::jsonb WHERE cluster = @cluster AND silo = @silo AND etag = @etag",
            [.. Values(entry), ("etag", Number(etag))]);
        return await update.ExecuteNonQueryAsync().ConfigureAwait(false) == 1;
    });

    /// <summary>Not a change of the table: neither the version nor the row's etag is raised.</summary>
    public Task UpdateIAmAlive(MembershipEntry entry) => database.ExecuteAsync(
        "UPDATE onnxtransfer_member SET alive = @alive WHERE cluster = @cluster AND silo = @silo",
        ("alive", Utc(entry.IAmAliveTime)), ("silo", entry.SiloAddress.ToParsableString()));

    /// <summary>The gateways of the silos that are active.</summary>
    internal async Task<List<Uri>> GatewaysAsync() =>
        [.. (await ReadAll().ConfigureAwait(false)).Members.Select(member => member.Item1).Where(entry => entry.Status == SiloStatus.Active && entry.ProxyPort > 0)
            .Select(entry => SiloAddress.New(entry.SiloAddress.Endpoint.Address, entry.ProxyPort, entry.SiloAddress.Generation).ToGatewayUri())];

    /// <summary>The version of a silo that is alive and has another one than this tool; null where there is none.</summary>
    internal async Task<string?> OtherVersionAsync() => (await database.QueryAsync(Others, row => row.GetString(0), OthersValues).ConfigureAwait(false)).FirstOrDefault();

    private (string Name, object Value)[] OthersValues => [("package", package), ("joining", (int)SiloStatus.Joining), ("active", (int)SiloStatus.Active)];

    private async Task<MembershipTableData> ReadAsync(string filter, params (string Name, object Value)[] values)
    {
        MembershipTableData? data = null;
        // One snapshot: the version must be that of the rows.
        await database.InTransactionAsync(
            async (connection, transaction) =>
            {
                await using var version = ClusterDatabase.Command(connection, transaction, "SELECT version FROM onnxtransfer_cluster WHERE cluster = @cluster", ("cluster", database.Cluster));
                var number = await version.ExecuteScalarAsync().ConfigureAwait(false) as int? ?? 0;
                await using var rows = ClusterDatabase.Command(
                    connection, transaction, $"SELECT silo, etag, status, alive, entry::text FROM onnxtransfer_member WHERE cluster = @cluster {filter}", [.. values, ("cluster", database.Cluster)]);
                var members = await ClusterDatabase.ReadAsync(rows, row => Tuple.Create(Entry(row), row.GetInt32(1).ToString(CultureInfo.InvariantCulture))).ConfigureAwait(false);
                data = new MembershipTableData(members, new TableVersion(number, number.ToString(CultureInfo.InvariantCulture)));
                return true;
            },
            System.Data.IsolationLevel.RepeatableRead).ConfigureAwait(false);
        return data!;
    }

    private async Task<bool> RaiseAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, TableVersion version)
    {
        await using var command = ClusterDatabase.Command(
            connection, transaction, "UPDATE onnxtransfer_cluster SET version = @next WHERE cluster = @cluster AND version = @read",
            ("next", version.Version), ("read", Number(version.VersionEtag)), ("cluster", database.Cluster));
        return await command.ExecuteNonQueryAsync().ConfigureAwait(false) == 1;
    }

    private (string Name, object Value)[] Values(MembershipEntry entry) =>
    [
        ("cluster", database.Cluster), ("silo", entry.SiloAddress.ToParsableString()), ("status", (int)entry.Status), ("alive", Utc(entry.IAmAliveTime)),
        ("entry", JsonSerializer.Serialize(StoredMember.Of(entry), MemberContracts.Default.StoredMember)),
    ];

    private static MembershipEntry Entry(NpgsqlDataReader row)
    {
        var stored = JsonSerializer.Deserialize(row.GetString(4), MemberContracts.Default.StoredMember)!;
        var entry = stored.ToEntry();
        entry.SiloAddress = SiloAddress.FromParsableString(row.GetString(0));
        entry.Status = (SiloStatus)row.GetInt32(2);
        entry.IAmAliveTime = row.GetDateTime(3);
        return entry;
    }

    private static int Number(string etag) => int.Parse(etag, CultureInfo.InvariantCulture);

    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
