using System.Net;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Storage;
using Orleans.Storage;

namespace OnnxTransfer.Cluster.Tests.Storage;

[Collection(PostgresTestGroup.Name)]
public sealed class PostgresTests(Postgres postgres)
{
    [PostgresFact]
    public async Task OfTwoChangesOfTheMembersTheSecondFails()
    {
        await using var database = await OpenAsync();
        var table = new PostgresMembership(database, "1");
        var read = await table.ReadAll();
        Assert.True(await table.InsertRow(Entry(1), read.Version.Next()));
        Assert.False(await table.InsertRow(Entry(2), read.Version.Next()));

        var (one, etag) = Assert.Single((await table.ReadAll()).Members);
        var version = (await table.ReadAll()).Version;
        Assert.Equal(1, version.Version);
        one.Status = SiloStatus.Dead;
        one.AddSuspector(Entry(2).SiloAddress, DateTime.UtcNow);
        Assert.True(await table.UpdateRow(one, etag, version.Next()));
        Assert.False(await table.UpdateRow(one, etag, version.Next()));
        Assert.False(await table.UpdateRow(one, etag, (await table.ReadAll()).Version.Next()));

        var (dead, _) = Assert.Single((await table.ReadRow(one.SiloAddress)).Members);
        Assert.Equal(SiloStatus.Dead, dead.Status);
        Assert.Equal(Entry(2).SiloAddress, Assert.Single(dead.SuspectTimes!).Item1);
        Assert.Equal((one.HostName, one.SiloName, one.ProxyPort), (dead.HostName, dead.SiloName, dead.ProxyPort));
        dead.IAmAliveTime = DateTime.UtcNow.AddHours(-2);
        await table.UpdateIAmAlive(dead);
        Assert.Equal(2, (await table.ReadAll()).Version.Version);
        await table.CleanupDefunctSiloEntries(DateTimeOffset.UtcNow.AddHours(-1));
        Assert.Empty((await table.ReadAll()).Members);
    }

    [PostgresFact]
    public async Task ASiloOfAnotherVersionMayNotJoin()
    {
        await using var database = await OpenAsync();
        var old = new PostgresMembership(database, "1");
        var @new = new PostgresMembership(database, "2");
        Assert.Null(await @new.OtherVersionAsync());
        Assert.True(await old.InsertRow(Entry(1), (await old.ReadAll()).Version.Next()));
        Assert.Equal("1", await @new.OtherVersionAsync());
        var exception = await Assert.ThrowsAsync<OnnxTransferException>(async () => await @new.InsertRow(Entry(2), (await @new.ReadAll()).Version.Next()));
        Assert.Contains("version 2", exception.Message, StringComparison.Ordinal);
        Assert.Single((await old.ReadAll()).Members);
    }

    [PostgresFact]
    public async Task AStateIsWrittenOnlyOverTheOneThatWasRead()
    {
        await using var database = await OpenAsync();
        var storage = new PostgresGrainStorage(database, StateContracts.Default);
        var id = GrainId.Create("job", "a");
        var (first, second) = (new Stored { State = new JobState { Done = [1, 2] } }, new Stored());
        await storage.WriteStateAsync("job", id, first);
        await storage.ReadStateAsync("job", id, second);
        Assert.Equal([1, 2], second.State.Done);
        await storage.WriteStateAsync("job", id, second);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("job", id, first));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("job", id, new Stored()));
        await storage.ReadStateAsync("job", GrainId.Create("job", "b"), first);
        Assert.False(first.RecordExists);
    }

    [PostgresFact]
    public async Task TablesAreMadeByManyAtOnce()
    {
        var address = postgres.NewDatabase();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await using var database = new ClusterDatabase(DatabaseAddress.Parse(address), $"c{i % 2}");
            await database.InitializeAsync();
            await database.RefuseAsync("w", "because");
            Assert.Equal([new RefusedWorker("w", "because")], await database.RefusedAsync());
        }));
    }

    private async Task<ClusterDatabase> OpenAsync()
    {
        var database = new ClusterDatabase(DatabaseAddress.Parse(postgres.NewDatabase()), "test");
        await database.InitializeAsync();
        return database;
    }

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, 1000 + number, number),
        Status = SiloStatus.Active,
        ProxyPort = 2000 + number,
        HostName = "host",
        SiloName = $"silo{number}",
        StartTime = DateTime.UtcNow,
        IAmAliveTime = DateTime.UtcNow,
    };

    private sealed class Stored : IGrainState<JobState>
    {
        [System.Diagnostics.CodeAnalysis.AllowNull]
        public JobState State { get; set; } = new();

        public string? ETag { get; set; }

        public bool RecordExists { get; set; }
    }
}
