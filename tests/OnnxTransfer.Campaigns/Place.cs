namespace OnnxTransfer.Campaigns;

/// <summary>Where one kind's tries write, and what its two contents are when nobody disturbs it.</summary>
internal sealed class Place
{
    private readonly Ground _ground;
    private readonly SortedDictionary<string, byte[]>[] _whole;
    private readonly TimeSpan[] _typical;

    internal Place(Ground ground, Writing writing, string folder)
    {
        (_ground, Writing, Folder) = (ground, writing, folder);
        Directory.CreateDirectory(folder);
        Target = Path.Combine(folder, writing.Target);
        (_whole, _typical) = (new SortedDictionary<string, byte[]>[2], new TimeSpan[2]);
        for (var variant = 0; variant < 2; variant++)
        {
            Clear();
            ground.Tool.Demand(Arguments(variant));
            Clear();
            var clock = System.Diagnostics.Stopwatch.StartNew();
            ground.Tool.Demand(Arguments(variant));
            _typical[variant] = clock.Elapsed;
            _whole[variant] = Writing.Read(Folder);
            if (_whole[variant].Count == 0) throw new InvalidOperationException($"{writing.Name} wrote nothing");
        }

        Clear();
    }

    internal Writing Writing { get; }

    internal string Folder { get; }

    internal string Target { get; }

    internal SortedDictionary<string, byte[]> Whole(int variant) => _whole[variant];

    internal TimeSpan Typical(int variant) => _typical[variant];

    internal SortedDictionary<string, byte[]> Read() => Writing.Read(Folder);

    /// <summary>What is wrong with the files after a fault: they are the old ones, the new ones, or what there is of one of them.</summary>
    /// <param name="before">The files before.</param>
    /// <param name="variant">The content that was being written.</param>
    internal Verdict Judge(Verdict verdict, SortedDictionary<string, byte[]> before, int variant)
    {
        var after = Read();
        verdict = verdict with { Finished = Writing.AreEqual(after, Whole(variant)), Leftovers = Temporaries().Count };
        if (verdict.Finished || Writing.AreEqual(after, before)) return verdict;
        // What is written beside a file may be gone for a moment, never the file.
        if (File.Exists(Target) || !before.ContainsKey(Writing.Target))
        {
            return Writing.IsPartOf(Whole(variant), after) || Writing.IsPartOf(before, after) ? verdict
                : verdict with { Torn = $"{Folder} has neither the old nor the new content: {string.Join(", ", after.Select(one => $"{one.Key} of {one.Value.Length} bytes"))}" };
        }

        return verdict with { Lost = $"'{Writing.Target}' is gone" };
    }

    internal string[] Arguments(int variant) => Writing.Arguments(Target, variant);

    /// <summary>Empties the folder.</summary>
    internal void Clear()
    {
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
        Directory.CreateDirectory(Folder);
    }

    /// <summary>The temporary files that are there.</summary>
    internal List<string> Temporaries() => [.. Directory.EnumerateFiles(Folder, ".*", SearchOption.AllDirectories).Where(Writing.IsTemporary)];

    /// <summary>What tells that something in the folder changed.</summary>
    internal string Signs() =>
        string.Join('|', new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => $"{file.Name} {(file.Exists ? file.Length : -1)} {file.LastWriteTimeUtc.Ticks}"));

    /// <summary>Runs the command undisturbed.</summary>
    /// <returns>What is not right afterward; null for nothing.</returns>
    internal string? Repeat(int variant)
    {
        var ran = _ground.Tool.Run(Arguments(variant));
        if (ran.ExitCode != 0) return $"the next run failed: {ran.Error}";
        if (!Writing.AreEqual(Read(), Whole(variant))) return "the next run gave another content";
        return Temporaries() is { Count: > 0 } left ? $"the next run left {string.Join(", ", left)}" : null;
    }
}
