namespace OnnxTransfer.Fuzz;

/// <summary>Everything that a file of an unknown source is given to.</summary>
internal static class Parsers
{
    internal static IReadOnlyList<Parser> All { get; } = [.. ImageParsers.All, .. ModelParsers.All];
}
