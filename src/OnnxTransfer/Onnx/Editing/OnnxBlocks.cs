using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>The blocks of a transformer that adds what attention and MLP compute to a stream of tokens, and normalizes the stream at the end.</summary>
internal static class OnnxBlocks
{
    /// <summary>The last blocks' outputs, each after the normalization that the network has behind its last block.</summary>
    /// <param name="model">The graph; copies of the normalization are added.</param>
    /// <param name="tensor">The normalized tokens.</param>
    /// <param name="count">How many blocks.</param>
    /// <returns>The tensors, earliest block first; the last is <paramref name="tensor"/> itself.</returns>
    /// <exception cref="ArgumentException">The tokens do not come from so many blocks.</exception>
    internal static List<string> Normalized(OnnxModel model, string tensor, int count)
    {
        var index = new OnnxGraphIndex(model);
        var (stream, norm) = Normalization(model, tensor, index);
        var blocks = new List<string>();
        // Each block adds twice: first what its attention computes, then what its MLP computes.
        for (var additions = 0; stream is not null && blocks.Count < count - 1; additions++)
        {
            if (StreamBefore(stream, index) is not { } before) break;
            stream = before;
            if (additions % 2 == 1) blocks.Insert(0, stream);
        }

        if (blocks.Count < count - 1) throw Throw.OnnxTooFewBlocks(model.Source, tensor, count);
        var from = norm.Stream!;
        return [.. blocks.Select(block => Copy(model, norm.Nodes, from, block, tensor)), tensor];
    }

    /// <summary>The nodes of the normalization and the stream that it reads.</summary>
    private static (string? Stream, (string? Stream, List<NodeProto> Nodes) Norm) Normalization(OnnxModel model, string tensor, OnnxGraphIndex index)
    {
        // Behind the last sum of two computed tensors, every node belongs to the normalization.
        var order = model.Graph.Node.Select((node, i) => (node, i)).ToDictionary(pair => pair.node, pair => pair.i);
        var nodes = new HashSet<NodeProto>();
        var open = new Stack<string>([tensor]);
        var streams = new HashSet<string>(StringComparer.Ordinal);
        while (open.TryPop(out var one))
        {
            if (index.Producer(one) is not { } node) continue;
            if (node.OpType == "Add" && StreamBefore(one, index) is not null)
            {
                streams.Add(one);
                continue;
            }

            if (!nodes.Add(node)) continue;
            foreach (var input in node.Input.Where(input => input.Length > 0)) open.Push(input);
        }

        return streams.Count == 1 && nodes.Count <= 16
            ? (streams.Single(), (streams.Single(), [.. nodes.OrderBy(node => order[node])]))
            : throw Throw.OnnxTooFewBlocks(model.Source, tensor, 4);
    }

    /// <summary>The stream before an addition: the operand that the other one is computed from; null if there is none.</summary>
    private static string? StreamBefore(string tensor, OnnxGraphIndex index)
    {
        if (index.Producer(tensor) is not { OpType: "Add", Input: [var left, var right] } || index.Producer(left) is null || index.Producer(right) is null) return null;
        return Reaches(right, left, index) ? left : Reaches(left, right, index) ? right : null;
    }

    private static bool Reaches(string from, string to, OnnxGraphIndex index)
    {
        // One block is far shorter than this.
        const int Longest = 400;
        var open = new Queue<string>([from]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (open.TryDequeue(out var one) && seen.Count < Longest)
        {
            if (one == to) return true;
            if (!seen.Add(one) || index.Producer(one) is not { } node) continue;
            foreach (var input in node.Input.Where(input => input.Length > 0)) open.Enqueue(input);
        }

        return false;
    }

    private static string Copy(OnnxModel model, List<NodeProto> nodes, string from, string to, string result)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [from] = to };
        foreach (var node in nodes)
        {
            var copy = node.Clone();
            for (var i = 0; i < copy.Input.Count; i++) copy.Input[i] = names.GetValueOrDefault(copy.Input[i], copy.Input[i]);
            for (var i = 0; i < copy.Output.Count; i++)
            {
                if (copy.Output[i].Length > 0) names[node.Output[i]] = copy.Output[i] = OnnxGraphEditor.FreeName(model, $"{to}/normalized/{node.Output[i]}");
            }

            copy.Name = copy.Output[0];
            model.Graph.Node.Add(copy);
        }

        return names[result];
    }
}
