namespace OnnxTransfer.Tests.Architecture;

/// <summary>The order of the folders of <c>src/OnnxTransfer</c>, and the arrows that it allows.</summary>
internal static class StageOrder
{
    /// <summary>A stage uses only those to its left. The doors at the root put the stages together, and Hosting stands before the doors.</summary>
    internal static readonly string[] Stages =
        ["Decoding", "Data", "Preprocessing", "Backbones", "Inference", "Embedding", "Evaluation", "Training", "Explaining", "Reporting", FolderGraph.Root, "Hosting"];

    /// <summary>Whoever likes uses these; they use no stage, and each other only as written here.</summary>
    private static readonly Dictionary<string, string[]> s_helpers = new() { ["Internals"] = [], ["Onnx"] = ["Internals"] };

    internal static IEnumerable<string> Folders => Stages.Concat(s_helpers.Keys);

    internal static bool Allows(string from, string to)
    {
        if (s_helpers.TryGetValue(from, out var others)) return others.Contains(to);
        return s_helpers.ContainsKey(to) || Array.IndexOf(Stages, to) < Array.IndexOf(Stages, from);
    }
}
