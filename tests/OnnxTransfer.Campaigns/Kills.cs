using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Embedding;

namespace OnnxTransfer.Campaigns;

/// <summary>
/// <c>kill -9</c> at random moments of every command that writes. Afterward each file is the old one or the new one, the next run is right and
/// removes what the killed one left, and no more finished rows are gone than the cache promises.
/// </summary>
internal sealed class Kills(Ground ground)
{
    /// <summary>What a kill may cost a cache: the rows that wait for a commit, and those on their way to it.</summary>
    private static readonly int s_mostRowsLost = 32 + PipelineShape.For(ExecutionProvider.Cpu, 0, 0, null).Window;

    private readonly Dictionary<string, FeatureMatrix> _undisturbed = [];

    internal IReadOnlyList<Kind> Kinds()
    {
        var kinds = Writing.All(ground).Select((writing, i) => OfWriting(writing, Path.Combine(ground.Work, "kills", $"{i}"))).ToList();
        kinds.Add(OfCache("embed into the cache", ground.Network, ground.Photos, share: 4));
        kinds.Add(new Kind("cache gc", 2, CollectAndKill()));
        kinds.Add(new Kind("models pull (hub)", 3, PullAndKill));
        if (Ground.Shared("data", "flowers") is { } flowers)
        {
            kinds.Add(OfCache("embed into the cache, ResNet-18", "resnet18", flowers, share: 1));
            if (Ground.Shared("models", "mobilenet_v2_imagenet.onnx") is { } network) kinds.Add(OfCache("embed into the cache, MobileNetV2", network, flowers, share: 1));
        }

        return kinds;
    }

    /// <summary>The run that is killed: prints how many images are done, as they are.</summary>
    internal static async Task<int> RunVictimAsync(string model, string folder, string cache)
    {
        using var extractor = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(cache) });
        var done = 0;
        await foreach (var _ in extractor.EmbedStreamAsync(ImageListing.FromFolder(folder).Images)) Console.WriteLine(++done);
        return 0;
    }

    private Kind OfWriting(Writing writing, string folder)
    {
        Place? made = null;
        return new Kind(writing.Name, writing.Name.StartsWith("models convert", StringComparison.Ordinal) ? 1 : 3, (number, random) =>
        {
            var place = made ??= new Place(ground, writing, folder);
            var variant = number % 2;
            // A folder only grows to the whole, so it begins anew now and then.
            if (number % 6 == 0) place.Clear();
            var before = place.Read();
            bool struck;
            using (var process = ground.Tool.Start(place.Arguments(variant)))
            {
                Wait(process, place, variant, random);
                process.Kill();
                process.WaitForExit();
                struck = process.ExitCode != 0;
            }

            var verdict = place.Judge(new Verdict { Struck = struck }, before, variant);
            if (verdict.Torn is not null || verdict.Lost is not null) return verdict;
            if (verdict.Leftovers == 0 && number % 4 != 0) return verdict;
            // A file that was written to within seconds may belong to a writer that has not taken hold of it; these are as old as they will be.
            foreach (var file in place.Temporaries()) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddSeconds(-30));
            var parts = Directory.Exists(place.Target) ? Directory.EnumerateFiles(place.Target, "*.npy").Where(part => File.Exists(Path.ChangeExtension(part, ".json"))).ToDictionary(part => part, File.GetLastWriteTimeUtc) : [];
            if (place.Repeat(variant) is { } wrong) return verdict with { Lost = wrong };
            return parts.FirstOrDefault(part => File.GetLastWriteTimeUtc(part.Key) != part.Value).Key is { } again ? verdict with { Lost = $"the finished part {again} was computed again" } : verdict;
        });
    }

    /// <summary>Waits for a moment that is uniform over the run, or for one right after anything in its folder changes, whoever writes it and how.</summary>
    private static void Wait(Process process, Place place, int variant, Random random)
    {
        if (random.Next(2) == 0)
        {
            process.WaitForExit((int)(place.Typical(variant).TotalMilliseconds * random.NextDouble() * 1.05));
            return;
        }

        var (before, changes) = (place.Signs(), random.Next(1, 4));
        while (!process.HasExited && changes > 0)
        {
            var now = place.Signs();
            if (now == before) continue;
            (before, changes) = (now, changes - 1);
        }

        if (random.Next(2) == 0) Thread.Sleep(random.Next(4));
    }

    private Kind OfCache(string name, string network, string photos, int share)
    {
        var folder = Path.Combine(ground.Work, "kills", SafeName(name));
        return new Kind(name, share, (number, random) =>
        {
            var paths = ImageListing.FromFolder(photos).Images;
            if (paths.Count > 180) photos = Fewer(photos);
            paths = ImageListing.FromFolder(photos).Images;
            if (number % 5 == 0 && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            var before = new FeatureCache(folder).Models().Sum(one => one.Vectors);
            var (done, struck) = KillAfter(random.Next((int)before, paths.Count + 1), network, photos, folder);
            var cache = new FeatureCache(folder);
            var kept = (int)cache.Models().Sum(one => one.Vectors);
            var verdict = new Verdict { Struck = struck, Finished = kept == paths.Count, RowsLost = Math.Max(0, done - kept) };
            if (cache.Verify() is { Damaged: > 0 } check) return verdict with { Torn = $"{check.Damaged} damaged vectors" };
            if (kept < before || done - kept > s_mostRowsLost) return verdict with { Lost = $"{done} rows were finished and {kept} are kept; {before} were there before" };
            if (number % 5 != 4) return verdict;
            using var extractor = FeatureExtractor.Load(network == "resnet18" ? ModelBesideTool(network) : network, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = cache });
            var result = extractor.EmbedAsync(paths).GetAwaiter().GetResult();
            if (!_undisturbed.TryGetValue(name, out var undisturbed))
            {
                using var plain = FeatureExtractor.Load(network == "resnet18" ? ModelBesideTool(network) : network, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
                _undisturbed[name] = undisturbed = plain.EmbedAsync(paths).GetAwaiter().GetResult().Features;
            }

            if (!result.Features.Values.SequenceEqual(undisturbed.Values)) return verdict with { Torn = "the resumed run gave other vectors" };
            return result.Cached < kept ? verdict with { Lost = $"{kept} rows are kept and {result.Cached} were found" } : verdict;
        });
    }

    /// <summary>The model that the tool brings along, which lies beside it and not beside this program.</summary>
    private string ModelBesideTool(string id) => Path.Combine(Path.GetDirectoryName(ground.ToolPath)!, "onnxtransfer", "models", id + ".onnx");

    /// <summary>A folder of links to every so many photos, so that a try takes a second or two.</summary>
    private string Fewer(string photos)
    {
        const int most = 90;
        var folder = Path.Combine(ground.Work, "fewer");
        if (Directory.Exists(folder)) return folder;
        Directory.CreateDirectory(folder);
        var all = ImageListing.FromFolder(photos).Images;
        for (var i = 0; i < most; i++) File.CreateSymbolicLink(Path.Combine(folder, $"{i:000}.jpg"), Path.GetFullPath(all[i * all.Count / most].Id));
        return folder;
    }

    private (int Done, bool Struck) KillAfter(int images, string network, string photos, string cache)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Kills).Assembly.Location, "victim", network == "resnet18" ? ModelBesideTool(network) : network, photos, cache]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var done = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            done = int.Parse(line, CultureInfo.InvariantCulture);
            if (done >= images) process.Kill();
        }

        process.WaitForExit();
        return (done, process.ExitCode != 0);
    }

    /// <summary>Kills the collection of a full cache, and the check of it.</summary>
    private Func<int, Random, Verdict> CollectAndKill()
    {
        var (folder, whole) = (Path.Combine(ground.Work, "kills", "gc"), Path.Combine(ground.Work, "kills", "gc-whole"));
        return (number, random) =>
        {
            if (!Directory.Exists(whole)) ground.Tool.Demand("embed", ground.Photos, "--backbone", ground.Network, "--cache", whole, "--out", Path.Combine(ground.Work, "kills", "gc.npy"));
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
            foreach (var file in Directory.EnumerateFiles(whole)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            var before = new FeatureCache(folder).Models().Sum(one => one.Vectors);
            bool struck;
            using (var process = number % 4 == 3 ? ground.Tool.Start("cache", "verify", "--cache", folder) : ground.Tool.Start("cache", "gc", "--cache", folder, "--max-size", "0"))
            {
                process.WaitForExit(random.Next(40, 200));
                process.Kill();
                process.WaitForExit();
                struck = process.ExitCode != 0;
            }

            var cache = new FeatureCache(folder);
            var after = cache.Models().Sum(one => one.Vectors);
            var verdict = new Verdict { Struck = struck, Finished = after < before };
            if (cache.Verify() is { Damaged: > 0 } check) return verdict with { Torn = $"{check.Damaged} damaged vectors" };
            var rows = Path.Combine(ground.Work, "kills", "gc-after.npy");
            var ran = ground.Tool.Run("embed", ground.Photos, "--backbone", ground.Network, "--cache", folder, "--out", rows);
            if (ran.ExitCode != 0 || ran.Error.Contains("warning", StringComparison.Ordinal)) return verdict with { Lost = $"the next run: {ran.Error}" };
            return File.ReadAllBytes(rows).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(ground.Work, "kills", "gc.npy"))) ? verdict : verdict with { Torn = "the next run gave other vectors" };
        };
    }

    /// <summary>Kills a download of the hub; the file gets its name only when it is whole, and the next run goes on with what is there.</summary>
    private Verdict PullAndKill(int number, Random random)
    {
        var home = Path.Combine(ground.Work, "kills", "pull");
        if (Directory.Exists(home) && number % 3 == 0) Directory.Delete(home, recursive: true);
        Directory.CreateDirectory(home);
        var tool = new Tool(ground.ToolPath, ground.Environment(home));
        bool struck;
        using (var process = tool.Start("models", "pull", Ground.HubName))
        {
            if (random.Next(2) == 0) process.WaitForExit(random.Next(60, 300));
            else
            {
                while (!process.HasExited && !Directory.EnumerateFiles(home, "*.incomplete", SearchOption.AllDirectories).Any()) Thread.Sleep(1);
                Thread.Sleep(random.Next(40));
            }

            process.Kill();
            process.WaitForExit();
            struck = process.ExitCode != 0;
        }

        var incomplete = Directory.EnumerateFiles(home, "*.incomplete", SearchOption.AllDirectories).Count();
        var verdict = new Verdict { Struck = struck, Leftovers = incomplete };
        if (WrongIn(home) is { } torn) return verdict with { Torn = torn };
        if (number % 3 != 2 && incomplete == 0) return verdict;
        var ran = tool.Run("models", "pull", Ground.HubName);
        if (ran.ExitCode != 0) return verdict with { Lost = $"the next run failed: {ran.Error}" };
        var file = Path.Combine(home, "hub", "models--acme--screws", "snapshots", ground.Commit, "onnx", "model.onnx");
        if (!File.Exists(file)) return verdict with { Lost = $"there is no {file}" };
        if (WrongIn(home) is { } still) return verdict with { Torn = still };
        return Directory.EnumerateFiles(home, "*.incomplete", SearchOption.AllDirectories).Any() ? verdict with { Lost = "the next run left a partial file" } : verdict with { Finished = true };
    }

    /// <summary>A file with the name of a whole one that is not whole.</summary>
    private string? WrongIn(string home)
    {
        var files = ground.Hub.Commits[ground.Commit];
        foreach (var (name, content) in files)
        {
            var file = Path.Combine(home, "hub", "models--acme--screws", "snapshots", ground.Commit, name);
            if (File.Exists(file) && !File.ReadAllBytes(file).AsSpan().SequenceEqual(content)) return $"{name} is not the hub's";
        }

        var blobs = Path.Combine(home, "hub", "models--acme--screws", "blobs");
        return !Directory.Exists(blobs) ? null : Directory.EnumerateFiles(blobs)
            .Where(blob => !blob.EndsWith(".incomplete", StringComparison.Ordinal))
            .FirstOrDefault(blob => !files.Values.Any(content => File.ReadAllBytes(blob).AsSpan().SequenceEqual(content)));
    }

    private static string SafeName(string name) => string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));
}
