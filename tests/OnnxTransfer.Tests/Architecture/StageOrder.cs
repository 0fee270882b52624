using System.Text.RegularExpressions;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>A source file of the library: its path below src/OnnxTransfer, with '/', and its text.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    public string Code { get; } = CSharpCode.Of(Text);
}

/// <summary>
/// The one-way order of the stages. A file in a stage's folder may use the stages to its left, <c>Internals</c> and
/// <c>Onnx</c>; those two use no stage, except that <c>Internals/Throw.X.cs</c> may name X's types and other stages' exceptions and enums. Files at
/// the root are the doors and may use everything.
/// </summary>
internal static partial class StageOrder
{
    public static readonly string[] Stages =
        ["Decoding", "Data", "Preprocessing", "Backbones", "Features", "Heads", "Evaluation", "Reporting", "Hosting"];

    private static readonly string[] s_free = ["Internals", "Onnx"];

    public static IReadOnlyList<string> Violations(IReadOnlyList<SourceFile> files)
    {
        var typesOf = Stages.ToDictionary(
            stage => stage,
            stage => files.Where(file => FolderOf(file.Path) == stage)
                .SelectMany(file => DeclarationPattern().Matches(file.Code))
                .DistinctBy(match => match.Groups["name"].Value)
                .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["kind"].Value));
        // Types that a user meets first live in the root namespace, whatever stage they belong to: no using line shows their use.
        var ofRoot = files.Where(file => Stages.Contains(FolderOf(file.Path)) && RootNamespacePattern().IsMatch(file.Code))
            .SelectMany(file => DeclarationPattern().Matches(file.Code).Select(match => (Name: match.Groups["name"].Value, Stage: FolderOf(file.Path))))
            .DistinctBy(type => type.Name).ToDictionary(type => type.Name, type => type.Stage);
        return [.. files.SelectMany(file => Violations(file, typesOf).Concat(RootTypesAgainstTheOrder(file, ofRoot)))];
    }

    private static IEnumerable<string> RootTypesAgainstTheOrder(SourceFile file, Dictionary<string, string> ofRoot)
    {
        var folder = FolderOf(file.Path);
        var place = Array.IndexOf(Stages, folder);
        if (folder.Length == 0 || file.Path.StartsWith("Internals/Throw", StringComparison.Ordinal)) yield break;
        foreach (Match word in TypeNamePattern().Matches(file.Code))
        {
            if (ofRoot.TryGetValue(word.Value, out var stage) && Array.IndexOf(Stages, stage) > place)
                yield return $"{file.Path}:{LineOf(file.Code, word.Index)}: {folder} uses {stage} ({word.Value})";
        }
    }

    private static IEnumerable<string> Violations(SourceFile file, Dictionary<string, Dictionary<string, string>> typesOf)
    {
        var folder = FolderOf(file.Path);
        if (folder.Length == 0) yield break;
        var place = Array.IndexOf(Stages, folder);
        if (place < 0 && !s_free.Contains(folder))
        {
            yield return $"{file.Path}: '{folder}' is no stage; add it to the order or move the file";
            yield break;
        }

        var isThrow = file.Path.StartsWith("Internals/Throw", StringComparison.Ordinal);
        foreach (var (stage, line) in StagesUsed(file.Code, typesOf))
        {
            var isAllowed = isThrow || (place >= 0 && Array.IndexOf(Stages, stage) <= place);
            if (!isAllowed) yield return $"{file.Path}:{line}: {folder} uses {stage}";
        }

        if (!isThrow) yield break;
        foreach (Match word in TypeNamePattern().Matches(file.Code))
        {
            var isOfAnother = typesOf.Any(stage => !file.Path.EndsWith($".{stage.Key}.cs", StringComparison.Ordinal)
                && stage.Value.TryGetValue(word.Value, out var kind) && !IsNameable(word.Value, kind));
            if (isOfAnother) yield return $"{file.Path}:{LineOf(file.Code, word.Index)}: Throw may name exceptions and enums of another stage, not {word.Value}";
        }
    }

    /// <summary>Stages in using lines and in qualified names, whether from the root (OnnxTransfer.Heads.X) or from within it (Heads.X).</summary>
    private static IEnumerable<(string Stage, int Line)> StagesUsed(string code, Dictionary<string, Dictionary<string, string>> typesOf)
    {
        foreach (Match match in QualifiedPattern().Matches(code))
        {
            // The file's own namespace line is no use of another stage.
            if (Stages.Contains(match.Groups["stage"].Value) && !IsNamespaceLine(code, match.Index))
                yield return (match.Groups["stage"].Value, LineOf(code, match.Index));
        }

        // A property may be named as a stage, so a short name counts only where a type of that stage follows it.
        foreach (Match match in RelativePattern().Matches(code))
        {
            if (typesOf.TryGetValue(match.Groups["stage"].Value, out var types) && types.ContainsKey(match.Groups["type"].Value))
                yield return (match.Groups["stage"].Value, LineOf(code, match.Index));
        }
    }

    private static bool IsNameable(string name, string kind) => kind == "enum" || name.EndsWith("Exception", StringComparison.Ordinal);

    private static bool IsNamespaceLine(string code, int index) =>
        code[(code.LastIndexOf('\n', index) + 1)..index].TrimStart().StartsWith("namespace ", StringComparison.Ordinal);

    private static string FolderOf(string path) => path.Contains('/', StringComparison.Ordinal) ? path[..path.IndexOf('/', StringComparison.Ordinal)] : "";

    private static int LineOf(string code, int index) => code.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"(?<![\w.])OnnxTransfer\s*\.\s*(?<stage>[A-Z]\w*)")]
    private static partial Regex QualifiedPattern();

    [GeneratedRegex(@"(?<![\w.])(?<stage>[A-Z]\w*)\s*\.\s*(?<type>[A-Z]\w*)")]
    private static partial Regex RelativePattern();

    [GeneratedRegex(@"\b(?<kind>class|struct|interface|enum|record)\s+(?!class\b|struct\b)(?<name>[A-Z]\w*)|\b(?<kind>delegate)\s+[^;(]*?(?<name>[A-Z]\w*)\s*\(")]
    private static partial Regex DeclarationPattern();

    [GeneratedRegex(@"^namespace OnnxTransfer;", RegexOptions.Multiline)]
    private static partial Regex RootNamespacePattern();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex TypeNamePattern();
}
