namespace OnnxTransfer.Campaigns;

/// <summary>
/// An older tool and this one at once on the same cache and the same feature set: each gives the rows that it gives alone, and neither damages
/// what the other keeps. Classifiers of each are given to the other.
/// </summary>
/// <param name="ground">The files.</param>
/// <param name="otherPath">The older tool.</param>
internal sealed class Versions(Ground ground, string otherPath)
{
    private readonly Tool _other = new(otherPath, ground.Environment());

    private string Folder => Path.Combine(ground.Work, "versions");

    internal IReadOnlyList<Kind> Kinds()
    {
        List<Kind> kinds = [new("one cache", 2, ShareCache()), new("its classifier, read by this one", 1, (number, _) => Read(number, _other, ground.Tool, "new")), new("this one's classifier, read by it", 1, (number, _) => Read(number, ground.Tool, _other, "old"))];
        if (_other.Run("features", "--help").ExitCode == 0) kinds.Add(new Kind("one feature set", 2, ShareSet()));
        return kinds;
    }

    private Func<int, Random, Verdict> ShareCache()
    {
        var alone = new byte[]?[2];
        return (number, random) =>
        {
            Directory.CreateDirectory(Folder);
            Tool[] tools = [ground.Tool, _other];
            string Rows(int tool) => Path.Combine(Folder, $"rows-{tool}.npy");
            string[] Embed(int tool, string cache) => ["embed", ground.Photos, "--backbone", ground.Network, "--cache", cache, "--out", Rows(tool)];
            for (var i = 0; i < 2; i++)
            {
                if (alone[i] is not null) continue;
                if (tools[i].Run(Embed(i, "none")) is { ExitCode: not 0 } failed) return new Verdict { Lost = $"alone: {failed.Error}" };
                alone[i] = File.ReadAllBytes(Rows(i));
            }

            var folder = Path.Combine(Folder, "cache");
            // Every third time both find what both left.
            if (number % 3 == 0 && Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            using var first = tools[number % 2].Start(Embed(number % 2, folder));
            Thread.Sleep(random.Next(60));
            using var second = tools[1 - (number % 2)].Start(Embed(1 - (number % 2), folder));
            Ran[] ran = [Tool.End(first), Tool.End(second)];
            var verdict = new Verdict { Struck = true, Finished = ran.All(one => one.ExitCode == 0) };
            if (Array.Find(ran, one => one.ExitCode != 0 || one.Error.Contains("warning", StringComparison.OrdinalIgnoreCase)) is { } wrong) return verdict with { Lost = wrong.Error };
            for (var i = 0; i < 2; i++)
                if (!File.ReadAllBytes(Rows(i)).AsSpan().SequenceEqual(alone[i])) return verdict with { Torn = $"{(i == 0 ? "the new" : "the old")} tool gave other vectors than alone" };
            for (var i = 0; i < 2; i++)
            {
                if (number % 3 == 2 && tools[i].Run("cache", "gc", "--cache", folder) is { ExitCode: not 0 } gc) return verdict with { Lost = gc.Error };
                if (tools[i].Run("cache", "verify", "--cache", folder) is { ExitCode: not 0 } check) return verdict with { Torn = check.Error + check.Output };
                if (!tools[i].Run(Embed(i, folder)).Output.Contains("180 from the cache", StringComparison.Ordinal)) return verdict with { Lost = "not all rows are found again" };
            }

            return verdict;
        };
    }

    private Func<int, Random, Verdict> ShareSet() => (number, _) =>
    {
        var folder = Path.Combine(Folder, "set");
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        string[] Shard(int shard) => ["embed", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--part-size", "8", "--shard", $"{shard}/2", "--out", folder];
        using var first = (number % 2 == 0 ? ground.Tool : _other).Start(Shard(1));
        using var second = (number % 2 == 0 ? _other : ground.Tool).Start(Shard(2));
        Ran[] ran = [Tool.End(first), Tool.End(second)];
        var verdict = new Verdict { Struck = true, Finished = ran.All(one => one.ExitCode == 0) };
        if (Array.Find(ran, one => one.ExitCode != 0) is { } wrong) return verdict with { Lost = wrong.Error };
        // Whoever comes last completes the set; both must find it sound, and it must be the set of one tool alone.
        foreach (var tool in (Tool[])[_other, ground.Tool])
        {
            if (tool.Run("features", "verify", folder) is { ExitCode: not 0 } check) return verdict with { Torn = check.Error + check.Output };
        }

        return Writing.AreEqual(Parts(Writing.Read(folder)), Parts(Writing.Read(ground.Sets[0]))) ? verdict : verdict with { Torn = "the parts are not those of one tool alone" };
    };

    private static SortedDictionary<string, byte[]> Parts(SortedDictionary<string, byte[]> set) =>
        new(set.Where(one => one.Key.EndsWith(".npy", StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal);

    private Verdict Read(int number, Tool writer, Tool reader, string name)
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, $"for-{name}.onnx");
        if (writer.Run("train", ground.Photos, "--backbone", ground.Network, "--cache", "none", "--epochs", $"{1 + (number % 3)}", "--out", path) is { ExitCode: not 0 } failed) return new Verdict { Lost = failed.Error };
        var (mine, theirs) = (writer.Run("predict", path, ground.Photos, "--cache", "none", "--csv", "-"), reader.Run("predict", path, ground.Photos, "--cache", "none", "--csv", "-"));
        if (theirs.ExitCode == 0) return new Verdict { Struck = true, Finished = true, Torn = mine.Output == theirs.Output ? null : "other predictions" };
        var sentences = theirs.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new Verdict { Struck = true, Lost = theirs.ExitCode == 1 && sentences is [['e', 'r', 'r', 'o', 'r', ':', ..]] ? null : theirs.Error };
    }
}
