using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Storage;
using OnnxTransfer.Cluster.Workers;

namespace OnnxTransfer.Cluster.Benchmarks;

/// <summary>
/// What one coordinator can take: callers lease one part in each call and report it in the next, over a connection on loopback, and no
/// image is read. The silo, the callers and the database share the machine.
/// </summary>
internal static class CoordinatorCalls
{
    public static async Task<int> RunAsync(string membership, int parts, int callers)
    {
        await using var database = new ClusterDatabase(DatabaseAddress.Parse(membership), $"calls-{Guid.NewGuid():N}");
        await database.InitializeAsync();
        var network = new ClusterNetwork(IPAddress.Loopback, 0, 0, Certificate: null, Authority: null);
        using var lost = new LostSilo();
        using var silo = ClusterHosts.Silo(database, network, "coordinator", lost, isVerbose: false);
        await silo.StartAsync();
        using var client = ClusterHosts.Client(database, network, isVerbose: false);
        await client.StartAsync();
        var coordinator = client.Services.GetRequiredService<IGrainFactory>().GetGrain<IJobGrain>("job");
        await coordinator.StartAsync(Job(parts));
        var address = silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var before = Environment.WorkingSet;
        var clock = Stopwatch.StartNew();
        var calls = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(coordinator, new WorkerIdentity($"caller{caller}", address, ToolVersion.Text, "none", "none")))));
        var status = await coordinator.GetStatusAsync();
        if (status?.PartsDone != parts) throw new InvalidOperationException($"{status?.PartsDone} of {parts} parts are done.");
        Console.WriteLine($"{parts} parts, {callers} callers: {clock.Elapsed.TotalSeconds:0.0} s, {parts / clock.Elapsed.TotalSeconds:0} parts/s, {calls.Sum() / (double)parts:0.000} calls for each part, memory {before >> 20} MB before and {status.CoordinatorBytes >> 20} MB after (with the callers)");
        await client.StopAsync();
        await silo.StopAsync();
        return 0;
    }

    private static async Task<long> CallAsync(IJobGrain coordinator, WorkerIdentity worker)
    {
        IReadOnlyList<int> held = [];
        for (var call = 1L; ; call++)
        {
            var reply = await coordinator.ExchangeAsync(new ExchangeRequest { Worker = worker, Wanted = 1, Finished = [.. held.Select(part => new FinishedPart(part, 0))], Number = call });
            if (reply.Leased.Count == 0) return call;
            held = reply.Leased;
        }
    }

    private static JobSpec Job(int parts) => new()
    {
        Id = "job",
        Output = "out",
        Root = "photos",
        PlanHash = "none",
        PartCount = parts,
        ImageCount = parts * 1000L,
        PartSize = 1000,
        Network = new JobNetwork { Backbone = "none", Fingerprint = "none" },
        Version = ToolVersion.Text,
        Submitted = DateTimeOffset.UtcNow,
    };
}
