using System.Diagnostics;
using System.Globalization;

namespace OnnxTransfer.Campaigns;

/// <summary>
/// A full disk under every command that writes: a small file system in memory with less and less room left. The command ends with an error
/// that names what it could not write, the file stays the old one, and once there is room the same command succeeds.
/// </summary>
internal sealed class Full(Ground ground)
{
    private const int Page = 4096;
    private const int DiskMegabytes = 96;

    private string Disk => Path.Combine(ground.Work, "disk");

    private string Filler => Path.Combine(Disk, "filler");

    /// <summary>Makes the file system. It needs the rights to mount.</summary>
    internal void Mount()
    {
        Directory.CreateDirectory(Disk);
        Shell("umount", "-l", Disk);
        if (Shell("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={DiskMegabytes}m"), "tmpfs", Disk) != 0)
            throw new InvalidOperationException($"cannot mount a file system at {Disk}: run this campaign as root");
    }

    internal void Unmount() => Shell("umount", "-l", Disk);

    internal IReadOnlyList<Kind> Kinds() =>
    [
        .. Writing.All(ground).Select((writing, i) => OfWriting(writing, Path.Combine(Disk, $"{i}"))),
        new Kind("embed into the cache", 1, FillCache()),
        new Kind("cache gc", 1, FillCollection()),
        new Kind("models pull (hub)", 1, FillPull()),
    ];

    /// <summary>Rooms in ascending order, the small ones page by page; then over again with the room between two of them.</summary>
    private static long Room(int number, long most)
    {
        int[] pages = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048];
        var fitting = pages.Where(count => (long)count * Page <= most).ToList();
        return (long)fitting[number % fitting.Count] * Page;
    }

    private Kind OfWriting(Writing writing, string folder)
    {
        Place? made = null;
        return new Kind(writing.Name, 1, (number, _) =>
        {
            var place = made ??= new Place(ground, writing, folder);
            var size = place.Whole(0).Values.Sum(content => (long)content.Length);
            var (old, wanted) = (number % 2, (number + 1) % 2);
            place.Clear();
            // Every other round begins without the file.
            var isFolder = !place.Whole(0).ContainsKey(writing.Target);
            if (!isFolder && number / 2 % 2 == 0 && place.Repeat(old) is { } unready) return new Verdict { Lost = $"before the fault: {unready}" };
            var before = place.Read();
            Fill(Room(number, size + (16 * Page)));
            var ran = ground.Tool.Run(place.Arguments(wanted));
            var verdict = place.Judge(new Verdict { Struck = ran.ExitCode != 0 }, before, wanted);
            File.Delete(Filler);
            if (ran.ExitCode == 0 && !verdict.Finished) return verdict with { Torn = $"exit code 0 and another content: {ran.Error}" };
            if (verdict.Torn is not null || verdict.Lost is not null) return verdict;
            if (ran.ExitCode != 0 && Complaint(ran, folder) is { } wrong) return verdict with { Lost = wrong };
            if (verdict.Leftovers > 0) return verdict with { Lost = $"a temporary file stayed: {place.Temporaries()[0]}" };
            return place.Repeat(wanted) is { } then ? verdict with { Lost = then } : verdict;
        });
    }

    /// <summary>The cache gives up with a warning, the run gives its rows, and the cache is sound afterward.</summary>
    private Func<int, Random, Verdict> FillCache()
    {
        var (folder, rows, whole) = (Path.Combine(Disk, "cache"), Path.Combine(ground.Work, "full-rows.npy"), Path.Combine(ground.Work, "full-whole.npy"));
        string[] Embed(string to, string cache) => ["embed", ground.Photos, "--backbone", ground.Network, "--cache", cache, "--out", to];
        return (number, _) =>
        {
            if (!File.Exists(whole)) ground.Tool.Demand(Embed(whole, "none"));
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            // Every other time the disk fills up on a cache that has rows.
            if (number % 2 == 1) ground.Tool.Demand("embed", Path.Combine(ground.Photos, "red"), "--backbone", ground.Network, "--cache", folder, "--out", rows);
            var before = new FeatureCache(folder).Models().Sum(one => one.Vectors);
            Fill(Room(number, 256 * Page));
            var ran = ground.Tool.Run(Embed(rows, folder));
            var warned = ran.Error.Contains(folder, StringComparison.Ordinal);
            var verdict = new Verdict { Struck = warned, Finished = ran.ExitCode == 0 };
            var isRight = ran.ExitCode == 0 && File.ReadAllBytes(rows).AsSpan().SequenceEqual(File.ReadAllBytes(whole));
            File.Delete(Filler);
            if (!isRight) return verdict with { Lost = $"the run did not go on without its cache: exit code {ran.ExitCode}, {ran.Error}" };
            var cache = new FeatureCache(folder);
            if (File.Exists(cache.File) && cache.Verify() is { Damaged: > 0 } check) return verdict with { Torn = $"{check.Damaged} damaged vectors" };
            if (cache.Models().Sum(one => one.Vectors) < before) return verdict with { Lost = "rows that were there are gone" };
            if (!warned && cache.Models().Sum(one => one.Vectors) < 180) return verdict with { Lost = "rows are not kept and nothing says so" };
            var again = ground.Tool.Run(Embed(rows, folder));
            return again.ExitCode == 0 && !again.Error.Contains(folder, StringComparison.Ordinal) && new FeatureCache(folder).Models().Sum(one => one.Vectors) == 180
                ? verdict : verdict with { Lost = $"the next run: {again.Error}" };
        };
    }

    private Func<int, Random, Verdict> FillCollection()
    {
        var (folder, rows) = (Path.Combine(Disk, "gc"), Path.Combine(ground.Work, "full-gc.npy"));
        return (number, _) =>
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            ground.Tool.Demand("embed", ground.Photos, "--backbone", ground.Network, "--cache", folder, "--out", rows);
            Fill(Room(number, 64 * Page));
            var ran = ground.Tool.Run("cache", "gc", "--cache", folder, "--max-size", "0");
            File.Delete(Filler);
            var cache = new FeatureCache(folder);
            var verdict = new Verdict { Struck = ran.ExitCode != 0, Finished = ran.ExitCode == 0 };
            if (cache.Verify() is { Damaged: > 0 } check) return verdict with { Torn = $"{check.Damaged} damaged vectors" };
            if (ran.ExitCode != 0 && Complaint(ran, folder) is { } wrong) return verdict with { Lost = wrong };
            var again = ground.Tool.Run("cache", "gc", "--cache", folder, "--max-size", "0");
            return again.ExitCode == 0 ? verdict : verdict with { Lost = $"the next run failed: {again.Error}" };
        };
    }

    private Func<int, Random, Verdict> FillPull()
    {
        var home = Path.Combine(Disk, "home");
        var tool = new Tool(ground.ToolPath, ground.Environment(home));
        return (number, _) =>
        {
            if (Directory.Exists(home)) Directory.Delete(home, recursive: true);
            Fill(Room(number, 2048 * Page));
            var ran = tool.Run("models", "pull", Ground.HubName);
            File.Delete(Filler);
            var file = Path.Combine(home, "hub", "models--acme--screws", "snapshots", ground.Commit, "onnx", "model.onnx");
            var content = ground.Hub.Commits[ground.Commit]["onnx/model.onnx"];
            var verdict = new Verdict { Struck = ran.ExitCode != 0, Finished = ran.ExitCode == 0 };
            if (File.Exists(file) && !File.ReadAllBytes(file).AsSpan().SequenceEqual(content)) return verdict with { Torn = "the model has its name and is not whole" };
            if (ran.ExitCode != 0 && Complaint(ran, home) is { } wrong) return verdict with { Lost = wrong };
            var again = tool.Run("models", "pull", Ground.HubName);
            return again.ExitCode == 0 && File.ReadAllBytes(file).AsSpan().SequenceEqual(content) ? verdict : verdict with { Lost = $"the next run: {again.Error}" };
        };
    }

    /// <summary>What is wrong with an error: it must be one sentence that says where there is no room.</summary>
    private static string? Complaint(Ran ran, string folder)
    {
        var errors = ran.Error.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).ToList();
        if (ran.ExitCode != 1) return $"exit code {ran.ExitCode}: {ran.Error}";
        if (errors is not [var error] || ran.Error.Contains("   at ", StringComparison.Ordinal)) return $"not one error: {ran.Error}";
        if (!error.Contains(folder, StringComparison.Ordinal)) return $"the error does not name the file: {error}";
        return error.Contains("space", StringComparison.OrdinalIgnoreCase) || error.Contains("full", StringComparison.OrdinalIgnoreCase) ? null : $"the error does not name the cause: {error}";
    }

    /// <summary>Leaves a room.</summary>
    private void Fill(long room)
    {
        // The small files of the disk and of its folders change by what is done to them: what is free is asked for, not counted.
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
        var block = new byte[Page];
        var left = (new DriveInfo(Disk).AvailableFreeSpace - room) / Page;
        for (var i = 0L; i < left; i++) file.Write(block);
    }

    private static int Shell(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
