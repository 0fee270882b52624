using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnnxTransfer.TestSupport;
using Xunit.Abstractions;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>Faults at random moments while three workers make a large job: the output must be that of one process, and every photo counted once.</summary>
[Collection(PostgresTestGroup.Name)]
[Trait("Category", "Long")]
public sealed class CampaignTests(Postgres postgres, ITestOutputHelper output)
{
    private const int PartSize = 64;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(20);

    private static int Photos => int.Parse(Environment.GetEnvironmentVariable("ONNXTRANSFER_CAMPAIGN_PHOTOS") ?? "20000", CultureInfo.InvariantCulture);

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("ONNXTRANSFER_CAMPAIGN_KILLS") ?? "30", CultureInfo.InvariantCulture);

    [PostgresFact("data")]
    public async Task FaultsLeaveNoTraceInTheOutput()
    {
        using var store = new TempFolder();
        var network = store.File("tiny.onnx");
        TinyBackbone.Write(network);
        var photos = Path.Combine(store.Path, "photos");
        LinkPhotos(photos);
        var folder = Path.Combine(store.Path, "together");
        Directory.CreateDirectory(folder);
        // A file system of its own, so that it can be full.
        var canBeFull = Environment.UserName == "root" && Shell("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder) == 0;
        try
        {
            var time = Stopwatch.StartNew();
            var alone = Path.Combine(store.Path, "alone");
            using (var extractor = await FeatureExtractor.LoadAsync(network))
            {
                await extractor.EmbedToSetAsync(
                    alone, ImageListing.FromFolder(photos).Images, path => Path.GetFileName(Path.GetDirectoryName(path)), new FeatureSetOptions { PartSize = PartSize, Root = photos });
            }

            Tell($"one process: {Photos} photos in {time.Elapsed.TotalSeconds:0.0} s");
            await RunAsync(store.Path, network, photos, folder, canBeFull);
            var names = Names(alone);
            Assert.Equal(names, Names(folder));
            Assert.All(names, name => Assert.True(File.ReadAllBytes(Path.Combine(alone, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder, name))), name));
            Tell($"equal to one process, bit for bit: {names.Count} files");
        }
        finally
        {
            if (canBeFull) Shell("umount", "-l", folder);
        }
    }

    private async Task RunAsync(string store, string network, string photos, string folder, bool canBeFull)
    {
        string[] cluster = ["--membership", postgres.NewDatabase()];
        var random = new Random(7);
        var workers = new ClusterProcess[3];
        try
        {
            for (var i = 0; i < workers.Length; i++)
            {
                workers[i] = Start(i);
                await workers[i].SaysAsync("joined");
            }

            var time = Stopwatch.StartNew();
            var job = ClusterProcess.Run(["submit", photos, "--out", folder, "--store", store, "--backbone", network, "--part-size", $"{PartSize}", "--lease", "10", .. cluster]).Trim();
            var manifest = Path.Combine(folder, "manifest.json");
            var (killed, restarted, full) = (0, false, false);
            while (!File.Exists(manifest) && time.Elapsed < s_limit)
            {
                await Task.Delay(random.Next(300, 1500));
                if (killed < Kills)
                {
                    // The first is that of the coordinator, while the cluster is calm and answers at once.
                    var victim = killed == 0 ? Coordinator(job, cluster) : random.Next(workers.Length);
                    workers[victim].Kill();
                    workers[victim].Dispose();
                    workers[victim] = Start(victim);
                    killed++;
                    Tell($"{time.Elapsed.TotalSeconds,6:0.0} s  kill -9 of worker {victim}; {Parts(folder)} parts are there");
                }

                if (killed >= Kills / 3 && !restarted)
                {
                    postgres.Stop();
                    await Task.Delay(8000);
                    postgres.Start();
                    restarted = true;
                    Tell($"{time.Elapsed.TotalSeconds,6:0.0} s  PostgreSQL was away for 8 s; {Parts(folder)} parts are there");
                }

                if (killed >= Kills / 2 && !full && canBeFull)
                {
                    var filler = Path.Combine(folder, ".filler");
                    Shell("dd", "if=/dev/zero", $"of={filler}", "bs=64k");
                    var before = Parts(folder);
                    await Task.Delay(6000);
                    Tell($"{time.Elapsed.TotalSeconds,6:0.0} s  the store was full for 6 s; {before} parts before, {Parts(folder)} after");
                    File.Delete(filler);
                    full = true;
                }
            }

            Assert.True(File.Exists(manifest), string.Join("\n---\n", workers.Select(worker => worker.Text)));
            JsonElement status;
            do
            {
                Assert.True(time.Elapsed < s_limit, "the job has a manifest and does not end");
                await Task.Delay(500);
                status = JsonDocument.Parse(ClusterProcess.Run(["status", job, "--json", .. cluster])).RootElement.GetProperty("jobs")[0];
            }
            while (status.GetProperty("state").GetString() == "running");
            Tell($"{time.Elapsed.TotalSeconds,6:0.0} s  {status.GetProperty("state")}: {status.GetProperty("imagesDone")} photos, {status.GetProperty("partsDone")} parts; {killed} kills, the first of the coordinator's silo; coordinator {status.GetProperty("coordinatorBytes").GetInt64() >> 20} MB");
            Assert.Equal("done", status.GetProperty("state").GetString());
            Assert.Equal(Photos, status.GetProperty("imagesDone").GetInt32());
            // On a fast machine the job may end before the last of them.
            Assert.InRange(killed, Kills * 2 / 3, Kills);
            Assert.True(restarted);
        }
        finally
        {
            foreach (var worker in workers) worker?.Dispose();
        }

        ClusterProcess Start(int number) => new(["worker", "--store", store, "--threads", "1", "--name", $"worker{number}", .. cluster]);
    }

    private static int Coordinator(string job, string[] cluster) =>
        JsonDocument.Parse(ClusterProcess.Run(["status", job, "--json", .. cluster])).RootElement.GetProperty("jobs")[0].GetProperty("coordinator").GetString()![^1] - '0';

    private static void LinkPhotos(string folder)
    {
        string[] originals = [.. ((string[])["flowers", "cats_vs_dogs"]).SelectMany(name => Directory.EnumerateFiles(Repository.SharedPath($"data/{name}"), "*.jpg", SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
        for (var i = 0; i < Photos; i++)
        {
            var link = Path.Combine(folder, $"class {i % 10}", $"{i:00000} {Path.GetFileName(originals[i % originals.Length])}");
            if (i < 10) Directory.CreateDirectory(Path.GetDirectoryName(link)!);
            File.CreateSymbolicLink(link, originals[i % originals.Length]);
        }
    }

    private static int Parts(string folder) => Directory.EnumerateFiles(folder, "part-*.json").Count();

    private static List<string> Names(string folder) => [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Where(name => name[0] != '.').Order(StringComparer.Ordinal)];

    private static int Shell(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private void Tell(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
