using System.Text.RegularExpressions;

namespace OnnxTransfer.Data;

/// <summary>Finds the class, and where it is asked for the set, in the path of a file.</summary>
internal static class FileNamePattern
{
    private const string Label = "label";
    private const string Split = "split";

    /// <summary>A pattern that backtracks without end is an error, not a hang.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">The pattern is no regular expression or has no group named label.</exception>
    internal static Regex Parse(string pattern)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        try
        {
            var regex = new Regex(pattern, RegexOptions.CultureInvariant, s_longest);
            if (regex.GetGroupNames().Contains(Label)) return regex;
        }
        catch (RegexParseException exception)
        {
            Throw.PatternNotUsable(pattern, Throw.OneLine(exception.Message), exception);
        }

        Throw.PatternNotUsable(pattern, "it has no group named label.");
        return null;
    }

    /// <summary>The image with its class; null if the pattern does not match.</summary>
    /// <exception cref="DatasetException">The matching takes too long, or what should be a set is none.</exception>
    internal static LabeledImage? Match(Regex pattern, FoundImage image)
    {
        try
        {
            var match = pattern.Match(image.Key);
            if (string.IsNullOrWhiteSpace(match.Groups[Label].Value)) return null;
            var labeled = new LabeledImage(ImageInput.FromFile(image.Path), match.Groups[Label].Value);
            if (match.Groups[Split] is not { Success: true, Value: var set }) return labeled;
            if (DataSplits.Parse(set) is not { } split) throw Throw.PatternSplitUnknown(set, image.Path);
            return labeled with { Split = split };
        }
        catch (RegexMatchTimeoutException exception)
        {
            throw Throw.PatternTooSlow(pattern.ToString(), image.Path, exception);
        }
    }
}
