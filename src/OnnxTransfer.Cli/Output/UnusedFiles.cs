namespace OnnxTransfer.Cli.Output;

/// <summary>What a source of images holds beside them: on standard error, in a few lines.</summary>
internal static class UnusedFiles
{
    private const int MostOfAKind = 5;

    /// <summary>Kinds that nobody expects to be images are counted; of the others the first are named, each with its reason.</summary>
    internal static void Warn(IReadOnlyList<UnusedFile> unused)
    {
        if (unused.Count == 0) return;
        var kinds = unused.GroupBy(file => file.Kind).OrderBy(kind => Name(kind.Key), StringComparer.Ordinal).ToList();
        Console.Error.WriteLine($"not used: {string.Join(", ", kinds.Select(kind => $"{kind.Count()} {Name(kind.Key)}"))}");
        foreach (var kind in kinds.Where(kind => IsSurprise(kind.Key)))
        {
            foreach (var file in kind.Take(MostOfAKind)) Console.Error.WriteLine($"  {file.Path}: {file.Reason}");
            if (kind.Count() > MostOfAKind) Console.Error.WriteLine($"  and {kind.Count() - MostOfAKind} more {Name(kind.Key)}");
        }
    }

    internal static IReadOnlyList<UnusedJson> ToJson(IReadOnlyList<UnusedFile> unused) => [.. unused.Select(file => new UnusedJson(file.Path, Name(file.Kind), file.Reason))];

    private static bool IsSurprise(UnusedKind kind) =>
        kind is UnusedKind.Other or UnusedKind.Unlabeled or UnusedKind.NotAFile or UnusedKind.UnreadableName or UnusedKind.Unreadable or UnusedKind.BrokenLink;

    private static string Name(UnusedKind kind) => kind switch
    {
        UnusedKind.RawPhoto => "raw photo",
        UnusedKind.NotAFile => "pipe or device",
        UnusedKind.UnreadableName => "with a name that is not UTF-8",
        UnusedKind.BrokenLink => "broken link",
        UnusedKind.Other => "of another format",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
