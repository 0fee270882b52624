using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Two graphs, one behind the other, as one.</summary>
internal static class OnnxGraphJoin
{
    /// <summary>
    /// Puts <paramref name="front"/> before <paramref name="model"/>: what it computes takes the place of the input. The inputs of the
    /// result are those of the front, its outputs those of the model. The model's nodes, constants and metadata stay as they are.
    /// </summary>
    /// <param name="model">The graph behind; changed in place.</param>
    /// <param name="front">The graph before it, with one output; it stays as it is. Tensors whose names are taken get others.</param>
    /// <param name="input">The model's input that the front computes.</param>
    /// <exception cref="ArgumentException">No such input, or the front has not one output of its type and shape, or another operator set.</exception>
    public static void Prepend(OnnxModel model, OnnxModel front, string input)
    {
        var wanted = model.Inputs.FirstOrDefault(i => i.Name == input);
        if (wanted is null) Throw.OnnxInputUnknown(model.Source, input, model.Inputs.Select(i => i.Name));
        if (front.Outputs is not [var given] || given.ElementType != wanted.ElementType || !Fits(given, wanted))
            throw Throw.OnnxGraphsDoNotJoin(front.Source, string.Join(", ", front.Outputs.Select(o => $"{o.Name} {o.ShapeText}")), model.Source, $"{input} {wanted.ShapeText}");
        if (front.Opset != model.Opset)
            throw Throw.OnnxGraphsDoNotJoin(front.Source, $"operator set {front.Opset}", model.Source, $"operator set {model.Opset}");

        var copy = front.Clone();
        OnnxAdapter.DropConstantInputs(copy);
        OnnxAdapter.DropConstantInputs(model);
        // First the front's names move away from the model's names; then the shared tensor gets its name.
        foreach (var name in Names(copy).Where(name => OnnxGraphEditor.IsTaken(model, name)).ToList())
            OnnxGraphEditor.Rename(copy, name, Free(name));
        OnnxGraphEditor.Rename(copy, copy.Outputs[0].Name, input);
        // The runtime needs unique names of nodes too.
        var taken = model.Graph.Node.Select(node => node.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in copy.Graph.Node.Where(node => node.Name.Length > 0 && !taken.Add(node.Name)))
        {
            for (var i = 1; !taken.Add(node.Name); i++) node.Name = $"{node.Name}_{i}";
        }

        var graph = model.Graph;
        graph.Input.Remove(graph.Input.First(i => i.Name == input));
        foreach (var (value, i) in copy.Graph.Input.Select((value, i) => (value, i))) graph.Input.Insert(i, value);
        foreach (var (node, i) in copy.Graph.Node.Select((node, i) => (node, i))) graph.Node.Insert(i, node);
        graph.Initializer.AddRange(copy.Graph.Initializer);

        string Free(string name)
        {
            var free = name;
            for (var i = 1; OnnxGraphEditor.IsTaken(model, free) || OnnxGraphEditor.IsTaken(copy, free); i++) free = $"{name}_{i}";
            return free;
        }
    }

    private static bool Fits(OnnxValue given, OnnxValue wanted) =>
        given.Dims is not { } a || wanted.Dims is not { } b
        || (a.Count == b.Count && a.Zip(b).All(pair => pair.First.Size is null || pair.Second.Size is null || pair.First.Size == pair.Second.Size));

    private static IEnumerable<string> Names(OnnxModel model) =>
        model.Graph.Input.Select(i => i.Name).Concat(model.Graph.Initializer.Select(i => i.Name)).Concat(OnnxGraphEditor.ComputedTensors(model)).Distinct();
}
