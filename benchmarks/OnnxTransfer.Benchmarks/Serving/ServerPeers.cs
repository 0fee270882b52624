using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace OnnxTransfer.Benchmarks.Serving;

/// <summary>
/// The web service of samples/OnnxTransfer.Server beside a controller with a session.Run per request, on the same classifier and under the
/// same load; then our service when it is full, with bodies that are no images, and with clients that go away.
/// </summary>
internal static class ServerPeers
{
    private const string Ours = "OnnxTransfer";
    private const string Naive = "session.Run per request";
    private static readonly int[] s_clients = [1, 4, 16, 64];

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="rounds">Rounds; both sides take turns in each.</param>
    /// <param name="seconds">How long wrk runs each time.</param>
    public static async Task<int> RunAsync(string peers, int rounds, int seconds)
    {
        var sample = Path.GetFullPath(Path.Combine(peers, "..", "..", "artifacts", "sample"));
        var (program, tool) = (Path.Combine(sample, "server", "OnnxTransfer.Server"), Path.Combine(sample, "tool", "onnxtransfer"));
        if (!File.Exists(program) || !File.Exists(tool)) throw new FileNotFoundException($"{program} or {tool} is missing: run `dotnet run build.cs sample` first, which builds both on the packages.");
        using var folder = new PeerFolder();
        var classifier = Path.Combine(folder.Path, "flowers.onnx");
        PeerFolder.Ask(tool, ["train", Photos.Flowers(), "--backbone", "resnet18", "--out", classifier, "--cache", "none"]);
        var naive = Path.Combine(folder.Path, "naive");
        PeerFolder.Ask("dotnet", ["build", Path.Combine(peers, "naive-server"), "-c", "Release", "--nologo", "-v", "quiet", "-o", naive]);
        var photos = List(folder, "photos.txt", Photos.SmallPaths());

        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}");
        Console.WriteLine($"POST /predict of {Photos.SmallCount} JPEG files in turn, a resnet18 classifier of the flowers; wrk on the same cores, {seconds} s a run, medians of {rounds} rounds");
        var wrk = new Wrk(peers);
        Func<string, Task<ServerProcess>> startAsync = name => name == Ours
            // Without the backbone of /embed: one network on either side.
            ? ServerProcess.StartAsync(program, "--Classifier:Path", classifier, "--Model", "")
            : ServerProcess.StartAsync(Path.Combine(naive, "OnnxTransfer.Peers.NaiveServer"), "--Classifier", classifier);
        await CompareAnswersAsync(startAsync);
        var runs = await TakeTurnsAsync(startAsync, wrk, photos, rounds, seconds);
        Print(runs);

        var failures = runs.Where(one => one.Server == Ours && (one.Load.Others().Length > 0 || one.Log.Length > 0)).Select(one => $"{one.Clients} clients: {one.Load.Others()} {one.Log}").ToList();
        Console.WriteLine();
        using (var server = await ServerProcess.StartAsync(program, "--Classifier:Path", classifier, "--Model", "", "--MaxWaitingRequests", "16"))
        {
            var full = wrk.Run(server, photos, 64, seconds);
            Console.WriteLine($"full, 64 clients, MaxConcurrentImages {Environment.ProcessorCount}, MaxWaitingRequests 16: {Rate(full):F1} images/s, {full.Others()}, {full.RetryAfter} of them with Retry-After; peak {server.PeakMemory()} MB");
            if (full.Statuses.Keys.Except(["200", "503"]).Any() || full.Lost > 0 || full.RetryAfter != full.Statuses.GetValueOrDefault("503")) failures.Add($"full: {full.Others()}");
            await AfterwardsAsync("full", server, failures);
        }

        using (var server = await startAsync(Ours))
        {
            var junk = wrk.Run(server, List(folder, "junk.txt", Hostile.WriteJunk(folder.Path)), 16, seconds);
            Console.WriteLine($"bodies that are no images, 16 clients: {junk.Others()}; peak {server.PeakMemory()} MB");
            if (junk.Statuses.Keys.Except(["400"]).Any() || junk.Lost > 0) failures.Add($"junk: {junk.Others()}, {junk.Images} x 200");
            await AfterwardsAsync("junk", server, failures);
            var gone = Hostile.DisconnectAsync(server.Port, Photos.SmallPaths(), seconds);
            var during = wrk.Run(server, photos, 4, seconds);
            Console.WriteLine($"{await gone} clients that went away in the middle, beside 4 that stayed: {Rate(during):F1} images/s {during.Others()}; peak {server.PeakMemory()} MB");
            if (during.Statuses.Keys.Except(["200", "503"]).Any() || during.Lost > 0) failures.Add($"clients that went away: {during.Others()}");
            await AfterwardsAsync("clients that went away", server, failures);
        }

        foreach (var failure in failures) Console.WriteLine($"FAILED: {failure}");
        Console.WriteLine(failures.Count == 0 ? "after each: ready, the next image answered, nothing in the log" : "");
        return failures.Count == 0 ? 0 : 1;
    }

    /// <summary>A server under load, once.</summary>
    private sealed record Turn(string Server, int Clients, WrkRun Load, int PeakMemory, string Log);

    private static async Task<List<Turn>> TakeTurnsAsync(Func<string, Task<ServerProcess>> startAsync, Wrk wrk, string photos, int rounds, int seconds)
    {
        var turns = new List<Turn>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var clients in s_clients)
            {
                foreach (var name in round % 2 == 0 ? new[] { Ours, Naive } : [Naive, Ours])
                {
                    using var server = await startAsync(name);
                    await WarmAsync(server);
                    var load = wrk.Run(server, photos, clients, seconds);
                    turns.Add(new(name, clients, load, server.PeakMemory(), server.Log()));
                    Console.Error.WriteLine($"round {round + 1} of {rounds}, {name}, {clients} clients: {Rate(load):F1} images/s, p50 {load.P50:F0} ms, p99 {load.P99:F0} ms, {turns[^1].PeakMemory} MB {load.Others()}");
                }
            }
        }

        return turns;
    }

    private static void Print(List<Turn> turns)
    {
        Console.WriteLine($"{"clients",8}  {"",-26}{"images/s",10}{"p50 ms",10}{"p99 ms",10}{"peak MB",10}  not 200");
        foreach (var clients in s_clients)
        {
            foreach (var name in new[] { Ours, Naive })
            {
                var those = turns.Where(one => one.Server == name && one.Clients == clients).ToList();
                Console.WriteLine($"{clients,8}  {name,-26}{Median(those.Select(one => Rate(one.Load))),10:F1}{Median(those.Select(one => one.Load.P50)),10:F0}{Median(those.Select(one => one.Load.P99)),10:F0}{those.Max(one => one.PeakMemory),10}  {string.Join("; ", those.Select(one => one.Load.Others()).Where(one => one.Length > 0))}");
            }
        }
    }

    /// <summary>On how many photos both name the same class: their ways of scaling differ, the network and the head do not.</summary>
    private static async Task CompareAnswersAsync(Func<string, Task<ServerProcess>> startAsync)
    {
        using var ours = await startAsync(Ours);
        using var naive = await startAsync(Naive);
        var labels = Directory.EnumerateDirectories(Photos.Flowers()).Select(one => Path.GetFileName(one)!).Order(StringComparer.Ordinal).ToList();
        var same = 0;
        foreach (var photo in Photos.SmallPaths())
        {
            var label = (await PostAsync(ours, photo)).GetProperty("label").GetString();
            if (label == labels[(await PostAsync(naive, photo)).GetProperty("index").GetInt32()]) same++;
        }

        Console.WriteLine($"the same class on {same} of {Photos.SmallCount} photos");
    }

    /// <summary>Four clients that stay to the end: what wrk leaves behind when it ends would still wait for a place in the measured run.</summary>
    private static Task WarmAsync(ServerProcess server) => Task.WhenAll(Photos.SmallPaths().Take(32).Chunk(8).Select(async photos =>
    {
        foreach (var photo in photos) await PostAsync(server, photo);
    }));

    private static async Task AfterwardsAsync(string what, ServerProcess server, List<string> failures)
    {
        // What clients left behind may still be in the queue.
        await Task.Delay(1000);
        if (!await server.IsReadyAsync()) failures.Add($"{what}: not ready afterwards");
        await PostAsync(server, Photos.SmallPaths()[0]);
        if (server.Log() is { Length: > 0 } log) failures.Add($"{what}: the log says {log[..Math.Min(log.Length, 2000)]}");
    }

    private static async Task<JsonElement> PostAsync(ServerProcess server, string photo)
    {
        using var response = await server.Client.PostAsync("/predict", new ByteArrayContent(await File.ReadAllBytesAsync(photo)));
        return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>();
    }

    private static string List(PeerFolder folder, string name, IEnumerable<string> files)
    {
        var list = Path.Combine(folder.Path, name);
        File.WriteAllLines(list, files);
        return list;
    }

    private static double Rate(WrkRun run) => run.Images / run.Seconds;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
