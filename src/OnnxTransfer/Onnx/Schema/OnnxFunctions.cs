namespace OnnxTransfer.Onnx.Schema;

/// <summary>Functions that a model brings itself: PyTorch's newer exporter writes whole layers as calls of them.</summary>
internal static class OnnxFunctions
{
    /// <summary>More nodes than any network has: functions that call functions can describe more than memory holds.</summary>
    private const int MostNodes = 1_000_000;

    /// <summary>
    /// Puts the nodes of a function in the place of each call, so that the graph has only operators. A function of other operator
    /// versions than the graph stays a call.
    /// </summary>
    internal static void Inline(ModelProto model)
    {
        if (model.Functions.Count == 0) return;
        var functions = new Dictionary<(string, string, string), FunctionProto>();
        foreach (var function in model.Functions) functions[(function.Domain, function.Name, function.Overload)] = function;
        var versions = model.OpsetImport.ToDictionary(set => Domain(set.Domain), set => set.Version);
        var nodes = new List<NodeProto>();
        var calls = 0;
        foreach (var node in model.Graph.Node) Expand(node, []);
        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(nodes);
        var called = nodes.Select(node => (node.Domain, node.OpType)).ToHashSet();
        if (!model.Functions.Any(function => called.Contains((function.Domain, function.Name)))) model.Functions.Clear();

        void Expand(NodeProto node, HashSet<FunctionProto> inside)
        {
            if (nodes.Count > MostNodes) throw new InvalidDataException($"The functions of the model describe more than {MostNodes:N0} nodes.");
            if (!functions.TryGetValue((node.Domain, node.OpType, ""), out var function) || !inside.Add(function) || !SameVersions(function))
            {
                nodes.Add(node);
                return;
            }

            // Only the outer names mean something to a user; the inner ones must differ from call to call.
            var prefix = $"{(node.Output.Count > 0 ? node.Output[0] : node.Name)}/{function.Name}{calls++}/";
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < function.Input.Count; i++) names[function.Input[i]] = i < node.Input.Count ? node.Input[i] : "";
            for (var i = 0; i < function.Output.Count && i < node.Output.Count; i++)
            {
                if (node.Output[i].Length > 0) names[function.Output[i]] = node.Output[i];
            }

            foreach (var inner in function.Node) Expand(Call(inner, prefix, names, node, function), inside);
            inside.Remove(function);
        }

        bool SameVersions(FunctionProto function) => function.OpsetImport.All(set => !versions.TryGetValue(Domain(set.Domain), out var version) || version == set.Version);
    }

    private static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;

    private static NodeProto Call(NodeProto inner, string prefix, Dictionary<string, string> names, NodeProto call, FunctionProto function)
    {
        var node = inner.Clone();
        if (node.Name.Length > 0) node.Name = prefix + node.Name;
        Rename(node, prefix, names);
        for (var i = node.Attribute.Count - 1; i >= 0; i--)
        {
            var attribute = node.Attribute[i];
            if (!attribute.HasRefAttrName) continue;
            var given = call.Attribute.FirstOrDefault(one => one.Name == attribute.RefAttrName)
                ?? function.AttributeProto.FirstOrDefault(one => one.Name == attribute.RefAttrName);
            node.Attribute.RemoveAt(i);
            if (given is null) continue;
            var copy = given.Clone();
            copy.Name = attribute.Name;
            node.Attribute.Insert(i, copy);
        }

        return node;
    }

    private static void Rename(NodeProto node, string prefix, Dictionary<string, string> names)
    {
        for (var i = 0; i < node.Input.Count; i++) node.Input[i] = Named(node.Input[i]);
        for (var i = 0; i < node.Output.Count; i++) node.Output[i] = Named(node.Output[i]);
        foreach (var graph in node.Attribute.SelectMany(attribute => attribute.G is null ? attribute.Graphs : attribute.Graphs.Append(attribute.G)))
        {
            foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo)) value.Name = Named(value.Name);
            foreach (var tensor in graph.Initializer) tensor.Name = Named(tensor.Name);
            foreach (var inner in graph.Node) Rename(inner, prefix, names);
        }

        string Named(string tensor) => tensor.Length == 0 ? "" : names.TryGetValue(tensor, out var outer) ? outer : names[tensor] = prefix + tensor;
    }
}
