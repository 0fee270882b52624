using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Editing;

/// <summary>Changes to a graph, each made in place; clone the model first to keep the original.</summary>
internal static class OnnxGraphEditor
{
    /// <summary>Makes an inner tensor a graph output as well; the other outputs stay. Nothing happens when it already is one.</summary>
    public static void Promote(OnnxModel model, string tensor)
    {
        CheckExists(model, tensor);
        if (model.Graph.Output.All(o => o.Name != tensor))
            model.Graph.Output.Add(OnnxShapes.Infer(model)[tensor].ToProto());
    }

    /// <summary>
    /// Keeps only what the given tensors need: they become the outputs, in this order, and every node, constant and input
    /// that does not lead to them is dropped. The nodes that stay keep their order; metadata is kept.
    /// </summary>
    public static void Cut(OnnxModel model, params IReadOnlyList<string> tensors)
    {
        if (tensors.Count == 0) Throw.OnnxNoTensorsToKeep();
        foreach (var tensor in tensors) CheckExists(model, tensor);
        var graph = model.Graph;
        var shapes = OnnxShapes.Infer(model);
        var outputs = tensors.Distinct(StringComparer.Ordinal)
            .Select(t => graph.Output.FirstOrDefault(o => o.Name == t) ?? shapes[t].ToProto()).ToList();

        var needed = NeededTensors(graph, tensors);
        Keep(graph.Node, n => n.Output.Any(needed.Contains));
        Keep(graph.Initializer, i => needed.Contains(i.Name));
        Keep(graph.Input, i => needed.Contains(i.Name));
        Keep(graph.ValueInfo, v => needed.Contains(v.Name));
        graph.Output.Clear();
        graph.Output.AddRange(outputs);
    }

    /// <summary>Adds an output <c>[N,C]</c> that is the mean of <paramref name="tensor"/> over its two spatial axes.</summary>
    public static void AppendGlobalAveragePool(OnnxModel model, string tensor, TensorLayout layout, string outputName) =>
        AppendPooling(model, tensor, layout, FeaturePooling.Average, outputName);

    /// <summary>Adds an output <c>[N,C]</c> that is the mean or the maximum of <paramref name="tensor"/> over its two spatial axes, or all its elements.</summary>
    public static void AppendPooling(OnnxModel model, string tensor, TensorLayout layout, FeaturePooling pooling, string outputName)
    {
        CheckExists(model, tensor);
        CheckFree(model, outputName);
        var value = OnnxShapes.Infer(model)[tensor];
        if (value.Dims is { Count: not 4 } || (pooling != FeaturePooling.Flatten && pooling >= FeaturePooling.Cls)) Throw.OnnxPoolingNeedsImage(tensor, value.ShapeText);
        if (pooling == FeaturePooling.Flatten)
        {
            Add(model, "Flatten", [tensor], outputName, ("axis", 1));
            model.Graph.Output.Add(OnnxShapes.Infer(model)[outputName].ToProto());
            return;
        }

        if (layout == TensorLayout.Nchw)
        {
            var pooled = FreeName(model, outputName + "/pooled");
            Add(model, pooling == FeaturePooling.Average ? "GlobalAveragePool" : "GlobalMaxPool", [tensor], pooled);
            Add(model, "Flatten", [pooled], outputName, ("axis", 1));
        }
        else
        {
            Reduce(model, pooling == FeaturePooling.Max ? "ReduceMax" : "ReduceMean", tensor, outputName, 1, 2);
        }

        var dims = value.Dims is { } d ? new[] { d[0], layout == TensorLayout.Nchw ? d[1] : d[3] } : null;
        model.Graph.Output.Add(new OnnxValue(outputName, value.ElementType, dims).ToProto());
    }

    /// <summary>Adds an output <c>[N,D]</c>, or <c>[N,2D]</c> or more, that is made of the tokens of <paramref name="tensor"/>.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="tensor">A tensor <c>[N,T,D]</c>.</param>
    /// <param name="tokens">What its tokens are; null if that is not clear.</param>
    /// <param name="pooling">What becomes of them.</param>
    /// <param name="outputName">The name of the new output.</param>
    /// <exception cref="ArgumentException">The tokens do not allow the pooling.</exception>
    public static void AppendTokenPooling(OnnxModel model, string tensor, OnnxTokens? tokens, FeaturePooling pooling, string outputName)
    {
        CheckExists(model, tensor);
        CheckFree(model, outputName);
        var value = OnnxShapes.Infer(model)[tensor];
        if (value.Dims is not { Count: 3 }) Throw.OnnxTokensMissing(model.Source, tensor, value.ShapeText);
        if (pooling == FeaturePooling.Flatten)
        {
            Add(model, "Flatten", [tensor], outputName, ("axis", 1));
        }
        else
        {
            if (tokens is null) throw Throw.OnnxTokensUnclear(model.Source, tensor, value.ShapeText);
            if (tokens.Prefix == 0 && pooling is FeaturePooling.Cls or FeaturePooling.ClsAndMean or FeaturePooling.LastFourAndMean) Throw.OnnxNoClassToken(model.Source, tensor, tokens.Patches);
            switch (pooling)
            {
                case FeaturePooling.Cls:
                    ClassToken(model, tensor, outputName);
                    break;
                case FeaturePooling.Max:
                    Reduce(model, "ReduceMax", Patches(model, tensor, tokens, outputName), outputName, 1);
                    break;
                case FeaturePooling.Average or FeaturePooling.MeanTokens:
                    Reduce(model, "ReduceMean", Patches(model, tensor, tokens, outputName), outputName, 1);
                    break;
                default:
                    IEnumerable<string> blocks = pooling == FeaturePooling.LastFourAndMean ? OnnxBlocks.Normalized(model, tensor, 4) : [tensor];
                    var parts = blocks.Select(block => ClassToken(model, block, FreeName(model, block + "/cls"))).ToList();
                    parts.Add(Reduce(model, "ReduceMean", Patches(model, tensor, tokens, outputName), FreeName(model, outputName + "/mean"), 1));
                    Add(model, "Concat", parts, outputName, ("axis", 1));
                    break;
            }
        }

        model.Graph.Output.Add(OnnxShapes.Infer(model)[outputName].ToProto());
    }

    private static string ClassToken(OnnxModel model, string tensor, string output)
    {
        var first = FreeName(model, output + "/first");
        model.Graph.Initializer.Add(OnnxTensorData.Make(first, [], [0L]));
        return Add(model, "Gather", [tensor, first], output, ("axis", 1));
    }

    private static string Patches(OnnxModel model, string tensor, OnnxTokens tokens, string output)
    {
        if (tokens.Prefix == 0) return tensor;
        var patches = FreeName(model, output + "/patches");
        if (model.Opset < 10) return Add(model, "Slice", [tensor], patches, ("starts", new long[] { tokens.Prefix }), ("ends", new[] { long.MaxValue }), ("axes", new long[] { 1 }));
        string[] numbers = [.. new[] { ("/start", tokens.Prefix), ("/end", long.MaxValue), ("/axis", 1L) }.Select(number => Number(model, patches + number.Item1, number.Item2))];
        return Add(model, "Slice", [tensor, .. numbers], patches);
    }

    private static string Number(OnnxModel model, string wanted, params long[] values)
    {
        var name = FreeName(model, wanted);
        model.Graph.Initializer.Add(OnnxTensorData.Make(name, [values.Length], values));
        return name;
    }

    /// <summary>Adds the mean or the maximum over axes, which are an input from operator set 18 on.</summary>
    private static string Reduce(OnnxModel model, string opType, string tensor, string output, params long[] axes) => model.Opset >= 18
        ? Add(model, opType, [tensor, Number(model, output + "/axes", axes)], output, ("keepdims", 0))
        : Add(model, opType, [tensor], output, ("axes", axes), ("keepdims", 0));

    /// <summary>
    /// Cuts the graph at one or more layers and makes one feature vector <c>[N,D]</c> per image of them: spatial layers and tokens are
    /// pooled, and several are joined in the order given. The result is the only output.
    /// </summary>
    /// <param name="model">The graph; its metadata is kept.</param>
    /// <param name="layers">Tensors of <see cref="OnnxSummary.Layers"/>, or others whose shape <paramref name="measure"/> tells.</param>
    /// <param name="pooling">What becomes of spatial axes and tokens.</param>
    /// <param name="image">The image input, with the size to assume where the graph leaves it free; null to read it from the graph.</param>
    /// <param name="measure">Runs a graph that ends in one tensor, and tells the shape of the tensor; null if nothing can be run.</param>
    /// <returns>
    /// The feature tensor, named after its layers and pooling (<c>relu/average</c>, <c>relu/average+scores</c>) so that the
    /// name alone tells what it holds, and its length.
    /// </returns>
    /// <exception cref="ArgumentException">A layer does not exist, or is not a tensor of features, or its length is not known.</exception>
    public static OnnxFeatureTensor CutToFeatures(
        OnnxModel model, IReadOnlyList<string> layers, FeaturePooling pooling = FeaturePooling.Average, OnnxImageInput? image = null, Func<OnnxModel, string, long[]?>? measure = null)
    {
        if (layers.Count == 0) Throw.OnnxNoTensorsToKeep();
        image ??= OnnxImageInput.Of(model);
        // Only vectors can be joined, so with several layers even an unpooled one is flattened.
        if (pooling == FeaturePooling.None && layers.Count > 1) pooling = FeaturePooling.Flatten;
        if (measure is not null) Measure(model, layers, image, measure);
        var vectors = Pool(model, layers, pooling, image);
        var output = vectors[0];
        if (vectors.Count > 1) output = Add(model, "Concat", vectors, FreeName(model, string.Join('+', vectors)), ("axis", 1));
        Cut(model, output);
        var value = OnnxShapes.Infer(model, image.Sizes(model))[output];
        if (value.RowLength is null) Throw.OnnxFeatureLengthUnknown(model.Source, output, value.ShapeText);
        return new OnnxFeatureTensor(output, value.RowLength, IsSpatial: value.Dims is { Count: 4 });
    }

    /// <summary>Adds the pooling of each layer to the graph, whose other nodes and outputs stay.</summary>
    /// <returns>The vectors of the layers; a layer that is one already is itself.</returns>
    internal static List<string> Pool(OnnxModel model, IReadOnlyList<string> layers, FeaturePooling pooling, OnnxImageInput image)
    {
        var known = OnnxSummary.Of(model, image).Layers.DistinctBy(l => l.Value.Name).ToDictionary(l => l.Value.Name, StringComparer.Ordinal);
        var unknown = layers.FirstOrDefault(l => !known.ContainsKey(l));
        if (unknown is not null) Throw.OnnxTensorUnknown(model.Source, unknown, known.Keys);
        var vectors = new List<string>();
        foreach (var layer in layers.Select(name => known[name]))
        {
            var tensor = layer.Value.Name;
            var hasTokens = layer.Value.Dims is [_, not { Size: 1 }, not { Size: 1 }];
            if (pooling == FeaturePooling.None || (!layer.IsSpatial && layer.Value.Dims!.Count != 3))
            {
                if (pooling >= FeaturePooling.Cls) Throw.OnnxTokensMissing(model.Source, tensor, layer.Value.ShapeText);
                vectors.Add(tensor);
                continue;
            }

            var name = FreeName(model, $"{tensor}/{PoolingName(pooling)}");
            if (hasTokens) AppendTokenPooling(model, tensor, layer.Tokens, pooling, name);
            else if (!layer.IsSpatial) AppendTokenPooling(model, tensor, null, FeaturePooling.Flatten, name);
            else if (layer.Layout is { } layout || pooling == FeaturePooling.Flatten) AppendPooling(model, tensor, layer.Layout ?? TensorLayout.Nchw, pooling, name);
            else Throw.OnnxAxesUnclear(model.Source, tensor, layer.Value.ShapeText);
            vectors.Add(name);
        }

        return vectors;
    }

    /// <summary>The name of a pooling on the command line and in names of tensors, such as <c>mean-tokens</c>.</summary>
    internal static string PoolingName(FeaturePooling pooling) => pooling switch
    {
        FeaturePooling.MeanTokens => "mean-tokens",
        FeaturePooling.ClsAndMean => "cls+mean",
        FeaturePooling.LastFourAndMean => "cls4+mean",
        _ => pooling.ToString().ToLowerInvariant(),
    };

    /// <summary>Writes into the graph what one run tells about layers whose shape does not follow from the rules.</summary>
    private static void Measure(OnnxModel model, IReadOnlyList<string> layers, OnnxImageInput image, Func<OnnxModel, string, long[]?> measure)
    {
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        foreach (var layer in layers.Where(layer => ComputedTensors(model).Contains(layer) && shapes.Dims(layer)?.Skip(1).Any(dim => !dim.IsKnown) != false))
        {
            var cut = model.Clone();
            Cut(cut, layer);
            OnnxAdapter.UseFloat32(cut);
            if (measure(cut, layer) is not { Length: > 1 } dims) continue;
            foreach (var old in model.Graph.ValueInfo.Where(value => value.Name == layer).ToList()) model.Graph.ValueInfo.Remove(old);
            var type = shapes[layer].ElementType is OnnxElementType.Unknown ? OnnxElementType.Float32 : shapes[layer].ElementType;
            model.Graph.ValueInfo.Add(new OnnxValue(layer, type, [image.FixedBatch is { } size ? size : OnnxDim.Named(OnnxBatchAxis.Symbol), .. dims.Skip(1).Select(dim => (OnnxDim)dim)]).ToProto());
        }
    }

    /// <summary>
    /// Adds a classifier behind a feature tensor <c>[N,D]</c>, or any other whose elements for one image are D: two float32 outputs
    /// <c>[N,C]</c>, the logits of the last layer and their activation.
    /// </summary>
    /// <param name="model">The graph that computes the features; its other outputs stay.</param>
    /// <param name="featureTensor">The tensor to classify.</param>
    /// <param name="head">The layers; the first takes D numbers.</param>
    /// <param name="logits">The name of the first new output.</param>
    /// <param name="probabilities">The name of the second.</param>
    public static void AppendHead(OnnxModel model, string featureTensor, OnnxHead head, string logits = "logits", string probabilities = "probabilities")
    {
        // A graph of the head alone has its features as an input.
        if (model.Graph.Input.All(i => i.Name != featureTensor)) CheckExists(model, featureTensor);
        CheckFree(model, logits);
        CheckFree(model, probabilities);
        var value = OnnxShapes.Infer(model)[featureTensor];
        var width = value.RowLength ?? head.Layers[0].Inputs;
        foreach (var layer in head.Layers)
        {
            if (layer.Inputs == 0 || layer.Inputs != width || (long)layer.Inputs * layer.Bias.Length != layer.Weights.Length)
                Throw.OnnxHeadHasWrongSize(featureTensor, value.ShapeText, layer.Weights.Length, layer.Bias.Length);
            width = layer.Bias.Length;
        }

        var x = featureTensor;
        if (value.ElementType is not (OnnxElementType.Float32 or OnnxElementType.Unknown))
            x = Add(model, "Cast", [x], FreeName(model, logits + "/float"), ("to", (int)OnnxElementType.Float32));
        // Where the number of axes is not known, Flatten is right for all three shapes.
        if (value.Dims is not { Count: 2 })
            x = Add(model, "Flatten", [x], FreeName(model, logits + "/flat"), ("axis", 1));

        foreach (var hidden in head.Layers.SkipLast(1))
            x = AddActivation(model, hidden, AddDense(model, x, hidden, FreeName(model, logits + "/hidden")), FreeName(model, logits + "/active"));
        var last = head.Layers[^1];
        AddActivation(model, last, AddDense(model, x, last, logits), probabilities);
        OnnxDim[] shape = [value.Dims?[0] ?? OnnxDim.Unknown, last.Bias.Length];
        model.Graph.Output.Add(new OnnxValue(logits, OnnxElementType.Float32, shape).ToProto());
        model.Graph.Output.Add(new OnnxValue(probabilities, OnnxElementType.Float32, shape).ToProto());
    }

    private static string AddDense(OnnxModel model, string input, OnnxDense layer, string output)
    {
        var w = FreeName(model, output + "/weights");
        model.Graph.Initializer.Add(OnnxTensorData.Make(w, [layer.Inputs, layer.Bias.Length], layer.Weights));
        var b = FreeName(model, output + "/bias");
        model.Graph.Initializer.Add(OnnxTensorData.Make(b, [layer.Bias.Length], layer.Bias));
        return Add(model, "Gemm", [input, w, b], output);
    }

    private static string AddActivation(OnnxModel model, OnnxDense layer, string input, string output) =>
        layer.Activation == "Softmax" ? Add(model, "Softmax", [input], output, ("axis", 1)) : Add(model, layer.Activation, [input], output);

    /// <summary>Gives a tensor another name wherever it occurs.</summary>
    public static void Rename(OnnxModel model, string tensor, string name)
    {
        if (tensor == name) return;
        if (!AllTensors(model.Graph).Contains(tensor)) Throw.OnnxTensorUnknown(model.Source, tensor, AllTensors(model.Graph));
        CheckFree(model, name);
        RenameIn(model.Graph, tensor, name);
    }

    /// <summary>The tensors that nodes compute, in the order in which they are computed.</summary>
    public static IEnumerable<string> ComputedTensors(OnnxModel model) =>
        model.Graph.Node.SelectMany(n => n.Output).Where(o => o.Length > 0);

    private static void RenameIn(GraphProto graph, string from, string to)
    {
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
            if (value.Name == from) value.Name = to;
        graph.EditConstants(tensor => tensor.Name == from, tensor => tensor.Name = to);
        foreach (var node in graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == from) node.Input[i] = to;
            for (var i = 0; i < node.Output.Count; i++)
                if (node.Output[i] == from) node.Output[i] = to;
            foreach (var inner in InnerGraphs(node)) RenameIn(inner, from, to);
        }
    }

    private static HashSet<string> NeededTensors(GraphProto graph, IEnumerable<string> tensors)
    {
        var index = new OnnxGraphIndex(graph);
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>(tensors);
        while (open.TryPop(out var tensor))
        {
            if (!needed.Add(tensor) || index.Producer(tensor) is not { } node) continue;
            foreach (var input in ReadBy(node).Where(i => i.Length > 0)) open.Push(input);
        }

        return needed;
    }

    /// <summary>A node's inputs, and what its inner graphs may take from the outer one.</summary>
    private static IEnumerable<string> ReadBy(NodeProto node) =>
        node.Input.Concat(InnerGraphs(node).SelectMany(g => g.Node.SelectMany(ReadBy).Concat(g.Output.Select(o => o.Name))));

    private static IEnumerable<GraphProto> InnerGraphs(NodeProto node) =>
        node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Append(a.G));

    private static void Keep<T>(Google.Protobuf.Collections.RepeatedField<T> list, Func<T, bool> wanted)
    {
        var kept = list.Where(wanted).ToList();
        list.Clear();
        list.AddRange(kept);
    }

    private static string Add(OnnxModel model, string opType, IEnumerable<string> inputs, string output, params (string Name, object Value)[] attributes)
    {
        model.Graph.Node.Add(MakeNode(model, opType, inputs, output, attributes));
        return output;
    }

    /// <summary>
    /// A node that is not in the graph yet, named like its output if no other node has that name, because the runtime needs unique
    /// names.
    /// </summary>
    internal static NodeProto MakeNode(OnnxModel model, string opType, IEnumerable<string> inputs, string output, params (string Name, object Value)[] attributes)
    {
        var name = output;
        for (var i = 1; model.Graph.Node.Any(n => n.Name == name); i++) name = $"{output}_{i}";
        var node = new NodeProto { OpType = opType, Name = name, Input = { inputs }, Output = { output } };
        node.Attribute.AddRange(attributes.Select(a => NodeAttributes.Make(a.Name, a.Value)));
        return node;
    }

    private static void CheckExists(OnnxModel model, string tensor)
    {
        if (!ComputedTensors(model).Contains(tensor)) Throw.OnnxTensorUnknown(model.Source, tensor, ComputedTensors(model));
    }

    private static void CheckFree(OnnxModel model, string tensor)
    {
        if (IsTaken(model, tensor)) Throw.OnnxTensorNameTaken(model.Source, tensor);
    }

    internal static bool IsTaken(OnnxModel model, string tensor) => AllTensors(model.Graph).Contains(tensor);

    /// <summary>A name that no tensor has yet, as close to the wanted one as can be.</summary>
    internal static string FreeName(OnnxModel model, string wanted)
    {
        var taken = AllTensors(model.Graph);
        var name = wanted;
        for (var i = 1; taken.Contains(name); i++) name = $"{wanted}_{i}";
        return name;
    }

    private static HashSet<string> AllTensors(GraphProto graph) =>
        [.. graph.Input.Select(i => i.Name), .. graph.Initializer.Select(i => i.Name), .. graph.Node.SelectMany(n => n.Output)];
}
