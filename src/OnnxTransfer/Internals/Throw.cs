using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OnnxTransfer;

/// <summary>
/// Every message this library throws, one file per stage, one named method per failure: what is wrong, where, what would
/// be right, what to do. Keeping the throw out of line keeps the hot methods small enough to be inlined.
/// </summary>
[StackTraceHidden]
internal static partial class Throw
{
    [DoesNotReturn]
    internal static void UserFolderUnknown() =>
        throw new DirectoryNotFoundException("This account has no home folder for models and feature vectors: set ONNXTRANSFER_HOME to a folder that this account can write.");

    [DoesNotReturn]
    internal static void LabelEmpty(string origin, int line) =>
        throw new InvalidDataException($"{origin} has an empty label in line {line}.");

    [DoesNotReturn]
    internal static void LabelEmpty(int index) =>
        throw new ArgumentException($"Label {index} is empty: give every class a name.");

    private static string Some(IReadOnlyCollection<string> names)
    {
        var shown = string.Join(", ", names.Order(StringComparer.Ordinal).Take(8).Select(name => $"'{name}'"));
        return names.Count > 8 ? $"{shown} and {names.Count - 8} more" : shown;
    }

    private static string Some(IReadOnlyList<string> names) =>
        names.Count == 0 ? "none" : string.Join(", ", names.Take(5)) + (names.Count > 5 ? $" and {names.Count - 5} more" : "");

    /// <summary>The first line of another library's message, without its error codes and places in its source, ended as a sentence.</summary>
    internal static string OneLine(string message)
    {
        var line = message.Split('\n', 2)[0].Trim();
        line = CudaFailure().Match(line) is { Success: true } failure ? failure.Groups[1].Value : RuntimePrefix().Replace(line, "");
        return line.EndsWith('.') ? line : line + ".";
    }

    /// <summary>
    /// "Exception during initialization: ", "[ErrorCode:Fail] ", then "/path/file.cc:123 function ", then "[ONNXRuntimeError] : 1 : FAIL : " or "condition was
    /// false. ": each part may be missing, and what matters follows.
    /// </summary>
    [GeneratedRegex(@"^(Exception during initialization: )?(\[ErrorCode:\w+\]\s*)?(\S+\.(cc|cpp|h|cu):\d+ .*?(?=\[ONNXRuntimeError\]| was false\. )( was false\. )?)?(\[ONNXRuntimeError\] : \d+ : \w+ : )?")]
    private static partial Regex RuntimePrefix();

    /// <summary>"... CUDA failure 2: out of memory ; GPU=0 ; hostname=...": what failed, and not on which host.</summary>
    [GeneratedRegex(@"((?:CUDA|CUDNN|CUBLAS) failure -?\d+: [^;]+?) ;")]
    private static partial Regex CudaFailure();

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
        throw new FileNotFoundException($"There is no file '{path}' (looked for {Path.GetFullPath(path)}): check the path.", path);

    [DoesNotReturn]
    internal static void FileIsAFolder(string path) =>
        throw new IOException($"'{path}' is a folder, but a file is needed: name a file in it.");

    /// <summary>A file that exists but cannot be read.</summary>
    internal static IOException FileUnreadable(string path, Exception inner) =>
        new($"'{path}' could not be read: {inner.Message.TrimEnd('.')}. Give this account the right to read it, or end the program that locks it.", inner);

    [DoesNotReturn]
    internal static void TargetIsAFolder(string path) =>
        throw new IOException($"'{path}' is a folder, so no file can be written there: name a file in it.");

    [DoesNotReturn]
    internal static void TargetFolderIsAFile(string folder) =>
        throw new IOException($"'{folder}' is a file, so no files can be written into it: name a folder.");

    [DoesNotReturn]
    internal static void TargetFolderNotEmpty(string folder) =>
        throw new IOException($"The folder '{folder}' is not empty, and nothing in it is replaced: empty it, or name a new one.");

    [DoesNotReturn]
    internal static void TargetFolderNotFound(string path, string folder) =>
        throw new DirectoryNotFoundException($"'{path}' cannot be written, because there is no folder '{folder}': create the folder, or name another one.");

    [DoesNotReturn]
    internal static void TargetNotWritable(string path, string folder, Exception inner) =>
        throw new IOException($"'{path}' cannot be written, because this account may not make files in '{folder}': give it the right to, or name another folder.", inner);

    /// <summary>The names that exist, nearest first, for a message about one that does not; the end of a long name is near to the whole.</summary>
    internal static string Known(string wanted, IEnumerable<string> known, int most = 8)
    {
        var sorted = known.OrderBy(name => wanted.Length > 2 && name.Contains(wanted, StringComparison.OrdinalIgnoreCase) ? 0 : 1).ThenBy(name => Distance(wanted, name)).ThenBy(name => name, StringComparer.Ordinal).ToList();
        var shown = string.Join(", ", sorted.Take(most));
        return sorted.Count > most ? $"{shown} and {sorted.Count - most} more" : shown;
    }

    /// <summary>The name that was probably meant by a mistyped one; null where none is near.</summary>
    internal static string? Meant(string typed, IEnumerable<string> known)
    {
        var nearest = known.MinBy(name => Distance(typed, name));
        return nearest is not null && Distance(typed, nearest) <= Math.Max(1, nearest.Length / 3) ? nearest : null;
    }

    /// <summary>Levenshtein distance, ignoring case, in which two letters that changed places count once: small for a typing mistake.</summary>
    private static int Distance(string a, string b)
    {
        (a, b) = (a.ToLowerInvariant(), b.ToLowerInvariant());
        var before = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = Math.Min(current[j], before[j - 2] + 1);
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }

    [DoesNotReturn]
    internal static void LabelsDoNotMatchClasses(int labels, int classCount) =>
        throw new ArgumentException($"The head has {classCount} classes, but there {(labels == 1 ? "is 1 label" : $"are {labels} labels")}: give one label for each class, in the order of the head's probabilities.");

    [DoesNotReturn]
    internal static void LabelTwice(string label, int first, int second) =>
        throw new ArgumentException($"The labels {first} and {second} are both '{label}': give every class a name of its own.");
}
