using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer.Internals;

/// <summary>
/// Every message this library throws, one file per stage, one named method per failure: what is wrong, where, what would
/// be right, what to do. Keeping the throw out of line keeps the hot methods small enough to be inlined.
/// </summary>
[StackTraceHidden]
internal static partial class Throw
{
    [DoesNotReturn]
    internal static void OptionOutOfRange(string name, object value, string right) =>
        throw new ArgumentOutOfRangeException(name, value, string.Create(CultureInfo.InvariantCulture, $"{name} is {value}, but must be {right}."));

    [DoesNotReturn]
    internal static void ChannelValuesWrong(string name, int count) =>
        throw new ArgumentException($"{name} has {count} numbers, but must have three, one for each channel.", name);

    [DoesNotReturn]
    internal static void OptionNull(string name) =>
        throw new ArgumentNullException(name, $"{name} is null, but must have a value.");

    [DoesNotReturn]
    internal static void OptionEmpty(string name) =>
        throw new ArgumentException($"{name} is empty, but must be a name.", name);

    [DoesNotReturn]
    internal static void ArgumentNotPositive(string name, double value) =>
        throw new ArgumentOutOfRangeException(name, value, $"{name} must be greater than zero, but is {value}.");

    [DoesNotReturn]
    internal static void FileNotFound(string path) =>
        throw new FileNotFoundException($"There is no file '{path}' (looked for {Path.GetFullPath(path)}).", path);

    [DoesNotReturn]
    internal static void FileIsAFolder(string path) =>
        throw new IOException($"'{path}' is a folder, but a file is needed: name a file in it.");

    /// <summary>A file that is there and does not let itself be read.</summary>
    internal static IOException FileUnreadable(string path, Exception inner) =>
        new($"'{path}' could not be read: {inner.Message.TrimEnd('.')}. Give this account the right to read it, and end the program that holds it.", inner);

    [DoesNotReturn]
    internal static void TargetIsAFolder(string path) =>
        throw new IOException($"'{path}' is a folder, so no file can be written there: name a file in it.");

    [DoesNotReturn]
    internal static void TargetFolderNotFound(string path, string folder) =>
        throw new DirectoryNotFoundException($"'{path}' cannot be written, because there is no folder '{folder}': create it, or name another.");

    /// <summary>The names that exist, nearest first, for a message about one that does not; the end of a long name is near to the whole.</summary>
    internal static string Known(string wanted, IEnumerable<string> known, int most = 8)
    {
        var sorted = known.OrderBy(name => wanted.Length > 2 && name.Contains(wanted, StringComparison.OrdinalIgnoreCase) ? 0 : 1).ThenBy(name => Distance(wanted, name)).ThenBy(name => name, StringComparer.Ordinal).ToList();
        var shown = string.Join(", ", sorted.Take(most));
        return sorted.Count > most ? $"{shown} and {sorted.Count - most} more" : shown;
    }

    /// <summary>Levenshtein distance, ignoring case: what a typing mistake is near to.</summary>
    private static int Distance(string a, string b)
    {
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
