using System.Text;

namespace OnnxTransfer.Internals;

/// <summary>
/// Names of files and folders from texts of strangers: a label or a path cannot lead out of a folder, and the name works on every system.
/// </summary>
internal static class SafeName
{
    /// <summary>In UTF-8 bytes; file systems take 255.</summary>
    private const int Longest = 120;

    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"COM{i}", $"LPT{i}" })];

    /// <summary>One name: never empty, <c>.</c> or <c>..</c>, without separators and letters that a system refuses.</summary>
    internal static string Of(string text)
    {
        var name = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var isRefused = Rune.IsControl(rune) || rune == Rune.ReplacementChar || "/\\:*?\"<>|".Contains((char)(rune.Value & char.MaxValue), StringComparison.Ordinal) && rune.IsBmp;
            name.Append(isRefused ? "_" : rune.ToString());
        }

        // Windows cuts dots and spaces from the end, so that two names would be one.
        var safe = Shortened(name.ToString()).TrimEnd('.', ' ');
        if (safe.Length == 0) return "_";
        return s_devices.Contains(Path.GetFileNameWithoutExtension(safe), StringComparer.OrdinalIgnoreCase) ? "_" + safe : safe;
    }

    /// <summary>The first letters, and the extension, as far as a file system takes them.</summary>
    private static string Shortened(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= Longest) return name;
        var extension = Path.GetExtension(name) is { Length: < 10 } short_ ? short_ : "";
        var kept = new StringBuilder();
        var bytes = Encoding.UTF8.GetByteCount(extension);
        foreach (var rune in name.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > Longest) break;
            kept.Append(rune);
        }

        return kept.Append(extension).ToString();
    }
}

/// <summary>Names of one folder, no two of which are the same on any system.</summary>
internal sealed class DistinctNames
{
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A safe name for the text, with a number before the extension where the name is taken.</summary>
    internal string Next(string text)
    {
        var name = SafeName.Of(text);
        var (stem, extension) = (Path.GetFileNameWithoutExtension(name), Path.GetExtension(name));
        for (var number = 2; !_taken.Add(name.Normalize()); number++) name = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stem} ({number}){extension}");
        return name;
    }
}
