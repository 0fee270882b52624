namespace OnnxTransfer.Tests.Architecture;

/// <summary>The order of the folders of <c>src/OnnxTransfer</c>, and the arrows that it allows.</summary>
internal static class StageOrder
{
    /// <summary>A stage uses only those to its left.</summary>
    internal static readonly string[] Stages = ["Decoding", "Data", "Preprocessing", "Backbones", "Features", "Evaluation", "Heads", "Reporting", "Hosting"];

    /// <summary>Whoever likes uses these; they use no stage, and each other only as written here.</summary>
    private static readonly Dictionary<string, string[]> s_helpers = new() { ["Internals"] = [], ["Onnx"] = ["Internals"] };

    internal static IEnumerable<string> Folders => Stages.Concat(s_helpers.Keys).Append(FolderGraph.Root);

    internal static bool Allows(string from, string to)
    {
        // The doors put the stages together, and nobody goes back out through them.
        if (from == FolderGraph.Root) return true;
        if (to == FolderGraph.Root) return false;
        if (s_helpers.TryGetValue(from, out var others)) return others.Contains(to);
        return s_helpers.ContainsKey(to) || Array.IndexOf(Stages, to) < Array.IndexOf(Stages, from);
    }
}
