using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OnnxTransfer.Campaigns;

/// <summary>
/// Damaged files of every format under every command that reads it. The command ends with a result or with one sentence that names a file, in
/// bounded time and memory; it leaves no temporary file and no half output, and does not change what it reads.
/// </summary>
internal sealed class Bytes
{
    /// <summary>The most processor time, of all threads. A run of a sound file takes less than a second.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    /// <summary>The most time by the clock, which other programs on the machine stretch.</summary>
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(5);

    /// <summary>A run of a sound file takes 60 to 350 MB.</summary>
    private const long MostKilobytes = 1_500_000;

    /// <summary>Words of .NET's own messages, which say nothing to a user.</summary>
    private static readonly string[] s_bare = ["Parameter '", "Object reference", "Index was out", "outside the bounds", "Arithmetic operation", "Unable to cast", "Specified argument", "Array dimensions"];

    private readonly Ground _ground;
    private readonly string _folder;
    private readonly Tool _tool;
    private readonly IReadOnlyList<Format> _formats;

    internal Bytes(Ground ground)
    {
        (_ground, _folder) = (ground, Path.Combine(ground.Work, "bytes"));
        Directory.CreateDirectory(Temporary);
        var environment = ground.Environment(Path.Combine(_folder, "home"));
        environment["TMPDIR"] = Temporary;
        _tool = new Tool(ground.ToolPath, environment);
        _formats = new Formats(ground, Path.Combine(_folder, "made")).All();
    }

    private string Temporary => Path.Combine(_folder, "tmp");

    internal IReadOnlyList<Kind> Kinds() => [.. _formats.SelectMany(format => format.Readings.Select(reading => new Kind($"{format.Name}: {reading.Name}", 1, Tries(format, reading))))];

    private Func<int, Random, Verdict> Tries(Format format, Reading reading)
    {
        SortedDictionary<string, byte[]>? sound = null;
        return (number, random) =>
        {
            // That the command takes the sound file shows that the damage is what it complains about.
            if (sound is null)
            {
                var whole = Lay(format.Specimens[0], format.Specimens[0].Fragile[0], damaged: null);
                if (_tool.Run(reading.Arguments(whole)) is { ExitCode: not 0 } failed) return new Verdict { Lost = $"it does not take the sound file: {failed.Error}" };
                sound = Writing.Read(whole.Out);
            }

            var specimen = format.Specimens[random.Next(2) == 0 ? 0 : random.Next(format.Specimens.Count)];
            var name = specimen.Fragile[random.Next(specimen.Fragile.Count)];
            var damaged = Damage.Of(specimen.Files[name], Others(format, random), random);
            var site = Lay(specimen, name, damaged);
            var asJson = reading.HasJson && number % 2 == 1;
            var ran = Watch([.. reading.Arguments(site), .. asJson ? (string[])["--json"] : []], out var kilobytes, out var wasLong);
            var verdict = new Verdict { Struck = ran.ExitCode != 0, Finished = ran.ExitCode == 0, Leftovers = Leftovers(site).Count };
            var wrong = wasLong ? "it had not ended in its time"
                : kilobytes > MostKilobytes ? $"it took {kilobytes / 1000} MB"
                : Complaint(ran, reading, site, asJson) ?? (Leftovers(site) is [var left, ..] ? $"a temporary file stayed: {left}" : null);
            if (wrong is null && !reading.WritesBeside && Changed(specimen, name, damaged, site) is { } changed) return verdict with { Torn = Keep(format, reading, number, site, $"it changed {changed}, which it reads") };
            if (wrong is null && ran.ExitCode != 0 && !reading.KeepsRows && Directory.EnumerateFileSystemEntries(site.Out).FirstOrDefault() is { } half) return verdict with { Torn = Keep(format, reading, number, site, $"it failed and left {half}: {ran.Error}") };
            if (wrong is null && ran.ExitCode == 0 && reading.IsExact && ReferenceEquals(specimen, format.Specimens[0]) && !Writing.AreEqual(Writing.Read(site.Out), sound)) return verdict with { Torn = Keep(format, reading, number, site, "it gave another output without an error") };
            return wrong is null ? verdict : verdict with { Lost = Keep(format, reading, number, site, wrong) };
        };
    }

    /// <summary>Files that are spliced in: of the format, and of one other.</summary>
    private IReadOnlyList<byte[]> Others(Format format, Random random)
    {
        var other = _formats[random.Next(_formats.Count)].Specimens;
        return [.. format.Specimens.Concat(other.Take(2)).SelectMany(one => one.Fragile.Select(name => one.Files[name]))];
    }

    /// <summary>Lays out a specimen, with one file damaged, and an empty folder for the output.</summary>
    private Site Lay(Specimen specimen, string name, byte[]? damaged)
    {
        var site = new Site(Path.Combine(_folder, "in"), Path.Combine(_folder, "out"), Path.Combine(_folder, "in", name));
        foreach (var folder in (string[])[site.In, site.Out, Temporary])
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
            Directory.CreateDirectory(folder);
        }

        foreach (var (file, content) in specimen.Files)
        {
            var path = Path.Combine(site.In, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, file == name && damaged is not null ? damaged : content);
        }

        return site;
    }

    /// <summary>Runs the tool, and asks the system again and again for the most memory that it has had.</summary>
    private Ran Watch(string[] arguments, out long kilobytes, out bool wasLong)
    {
        var clock = Stopwatch.StartNew();
        using var process = _tool.Start(arguments);
        var (error, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        (kilobytes, wasLong) = (0, false);
        while (!process.WaitForExit(20))
        {
            kilobytes = Math.Max(kilobytes, PeakOf(process.Id));
            wasLong = clock.Elapsed > s_hang || (clock.Elapsed > s_longest / Environment.ProcessorCount && process.TotalProcessorTime > s_longest);
            if (wasLong || kilobytes > 2 * MostKilobytes) process.Kill();
        }

        process.WaitForExit();
        return new Ran(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static long PeakOf(int process)
    {
        const string Peak = "VmHWM:";
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith(Peak, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(Peak.Length).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It has ended in between.
            return 0;
        }
    }

    /// <summary>What is wrong with the end of a run; null for nothing.</summary>
    private static string? Complaint(Ran ran, Reading reading, Site site, bool asJson)
    {
        if (ran.ExitCode is not (0 or 1)) return $"exit code {ran.ExitCode}: {ran.Error}";
        if (ran.Error.Contains("Unhandled exception", StringComparison.Ordinal) || ran.Error.Contains("   at ", StringComparison.Ordinal)) return $"a stack trace: {ran.Error}";
        if (ran.ExitCode == 0) return asJson && !IsDocument(ran.Output) ? $"no JSON document: {ran.Output}" : null;
        if (reading.Reports && ran.Output.Contains("damaged", StringComparison.Ordinal)) return null;
        var errors = ran.Error.Split('\n').Where(line => line.StartsWith("error: ", StringComparison.Ordinal)).ToList();
        if (reading.KeepsRows && errors.Count > 0) return null;
        if (errors is not [var error]) return $"{errors.Count} errors: {ran.Error}";
        // Images that are skipped, and a table, are named before an error that concerns them all.
        if (!ran.Error.Contains("skipped:", StringComparison.Ordinal) && !ran.Error.Contains(site.In, StringComparison.Ordinal) && !ran.Error.Contains(Path.GetFileName(site.Damaged), StringComparison.Ordinal)) return $"the error names no file: {error}";
        return Array.Find(s_bare, word => error.Contains(word, StringComparison.Ordinal)) is { } bare ? $"the error has the words of a library ('{bare}'): {error}" : null;
    }

    private static bool IsDocument(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private List<string> Leftovers(Site site) =>
    [
        .. Directory.EnumerateFileSystemEntries(Temporary),
        .. ((string[])[site.In, site.Out, Path.Combine(_folder, "home")]).Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, ".*", SearchOption.AllDirectories)).Where(Writing.IsTemporary),
    ];

    private static string? Changed(Specimen specimen, string name, byte[] damaged, Site site)
    {
        var there = Directory.EnumerateFiles(site.In, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(site.In, file)).ToList();
        return there.Find(file => !specimen.Files.TryGetValue(file, out var content) || !File.ReadAllBytes(Path.Combine(site.In, file)).AsSpan().SequenceEqual(file == name ? damaged : content))
            ?? specimen.Files.Keys.FirstOrDefault(file => !there.Contains(file));
    }

    /// <summary>Keeps the files of a fault for whoever looks into it.</summary>
    private string Keep(Format format, Reading reading, int number, Site site, string wrong)
    {
        var kept = Path.Combine(_folder, "faults", string.Concat($"{format.Name}-{reading.Name}-{number}".Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')));
        if (Directory.Exists(kept)) Directory.Delete(kept, recursive: true);
        foreach (var file in Directory.EnumerateFiles(site.In, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(kept, Path.GetRelativePath(site.In, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return $"{Path.GetFileName(site.Damaged)} was damaged (kept in {kept}): {wrong}";
    }
}
