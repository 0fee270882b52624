using System.Text;

namespace OnnxTransfer.Tests.Architecture;

/// <summary>The folders and the uses between them as a Mermaid diagram.</summary>
internal static class FolderPicture
{
    /// <summary>
    /// An arrow from a folder to each one that it uses; dotted where it goes against the order. That all use <c>Internals</c>, and the doors
    /// all stages, is one arrow each.
    /// </summary>
    internal static string Of(FolderGraph graph)
    {
        var text = new StringBuilder("flowchart RL\n");
        text.Append("    subgraph stages\n");
        foreach (var stage in StageOrder.Stages.Where(stage => stage is not (FolderGraph.Root or "Hosting"))) text.Append($"        {stage}\n");
        text.Append("    end\n    Onnx\n    Internals\n    doors([the doors])\n    Hosting\n    doors ==> stages\n    stages --> Internals\n");
        foreach (var arrow in graph.Uses.GroupBy(use => (use.From, use.To)).OrderBy(arrow => Place(arrow.Key.From)).ThenBy(arrow => Place(arrow.Key.To)))
        {
            var allowed = StageOrder.Allows(arrow.Key.From, arrow.Key.To);
            if (arrow.Key.From == FolderGraph.Root || (allowed && arrow.Key.To == "Internals")) continue;
            text.Append($"    {Node(arrow.Key.From)} {(allowed ? "-->" : "-.->")} {Node(arrow.Key.To)}\n");
        }

        return text.ToString();
    }

    private static string Node(string folder) => folder == FolderGraph.Root ? "doors" : folder;

    private static int Place(string folder) => StageOrder.Folders.ToList().IndexOf(folder);
}
