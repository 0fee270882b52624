namespace OnnxTransfer.Cli.Output;

/// <summary>What the kinds of findings are called on the command line, in tables, CSV and JSON.</summary>
internal static class FindingNames
{
    /// <summary>Every kind.</summary>
    internal const string Any = "any";

    private static readonly Dictionary<FindingKind, string> s_names = new()
    {
        [FindingKind.Unreadable] = "unreadable",
        [FindingKind.Duplicate] = "duplicates",
        [FindingKind.NearDuplicate] = "near-duplicates",
        [FindingKind.Leak] = "leaks",
        [FindingKind.Contradiction] = "contradictions",
        [FindingKind.WrongLabel] = "labels",
        [FindingKind.Outlier] = "outliers",
        [FindingKind.RareClass] = "rare-classes",
        [FindingKind.Dark] = "dark",
        [FindingKind.Light] = "light",
        [FindingKind.Blurred] = "blurred",
        [FindingKind.LowInformation] = "low-information",
        [FindingKind.OddSize] = "odd-size",
        [FindingKind.OddAspect] = "odd-aspect",
    };

    internal static IReadOnlyCollection<string> All => s_names.Values;

    internal static string Of(FindingKind kind) => s_names[kind];

    /// <summary>The kind of a name; null if there is none.</summary>
    internal static FindingKind? Parse(string name)
    {
        foreach (var (kind, known) in s_names)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase)) return kind;
        }

        return null;
    }
}
