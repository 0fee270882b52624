using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The kind of a network's class scores.</summary>
internal enum ScoreKind
{
    /// <summary>Before the softmax: any real number.</summary>
    Logits,

    /// <summary>After the softmax: non-negative, summing to one.</summary>
    Probabilities,
}

/// <summary>
/// The feature tensor. Spatial ones must be pooled before they are one vector per image; so must tokens, by <paramref name="Pooling"/>.
/// <paramref name="Dim"/> is null if it could not be inferred.
/// </summary>
internal sealed record OnnxFeatureTensor(string Tensor, int? Dim, bool IsSpatial, FeaturePooling? Pooling = null);

/// <summary>The class scores <c>[N,C]</c>.</summary>
internal sealed record OnnxClassOutput(string Tensor, ScoreKind Kind, int? Count);

/// <summary>The facts about a model that its graph shows.</summary>
/// <param name="Input">The image input.</param>
/// <param name="Features">The feature tensor; null if none was found, for the reason in <paramref name="WhyNoFeatures"/>.</param>
/// <param name="Classes">The class scores; null if the graph does not end in a classifier.</param>
/// <param name="WhyNoFeatures">The reason, and the tensors to choose from.</param>
/// <param name="Note">What a user should know about the choice; null for nothing.</param>
internal sealed record OnnxInspection(OnnxImageInput Input, OnnxFeatureTensor? Features, OnnxClassOutput? Classes, string? WhyNoFeatures, string? Note = null);

/// <summary>
/// Reads from a graph what a model card would say: the image input, and the features. They are the data input of the last linear layer if
/// the graph ends in class scores, or an output if it ends in an embedding or in tokens. Where this is not clear, nothing is chosen.
/// </summary>
internal static class OnnxInspector
{
    private const int MostCandidates = 6;

    /// <param name="model">The graph.</param>
    /// <param name="image">The image input, with the size to assume where the graph leaves it free; null to read it from the graph.</param>
    public static OnnxInspection Inspect(OnnxModel model, OnnxImageInput? image = null)
    {
        image ??= OnnxImageInput.Of(model);
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var index = new OnnxGraphIndex(model);
        // An output that also reads a text is none of the image alone.
        var outputs = model.Outputs.Where(output => NeedsOnly(image.Tensor, output.Name, index)).Select(output => output.Name).ToList();
        var doubts = new List<string>();

        if (outputs.Find(name => OutputNames.IsProjection(name)) is { } projection && Vector(projection, shapes) is { } embedding) return new(image, embedding, null, null);
        foreach (var output in outputs)
        {
            var end = OnnxNetworkEnd.Of(output, index, shapes);
            if (end.IsClassifier == true) return new(image, Described(end.Features!, end.Dim, shapes), end.Classes, null, end.Note);
            if (end.IsClassifier is null) doubts.Add(output);
        }

        var others = outputs.Except(doubts).ToList();
        if (Tokens(others, index, shapes) is { } tokens) return new(image, tokens.Features, null, null, tokens.Note);
        foreach (var output in others)
        {
            if (Vector(output, shapes) is { } found) return new(image, found, null, null);
        }

        return new(image, null, null, WhyNot(model, doubts, index, shapes));
    }

    /// <summary>The tokens <c>[N,T,D]</c> that a feature vector is made of, or that are an output themselves.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="features">The feature vector; null for the one that the graph shows.</param>
    /// <param name="image">The image input with its size.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    internal static string TokensOf(OnnxModel model, string? features, OnnxImageInput image)
    {
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var index = new OnnxGraphIndex(model);
        var output = model.Outputs.Select(one => one.Name).Where(name => OnnxTokens.Of(shapes, name) is not null).OrderBy(name => name.Contains("last", StringComparison.OrdinalIgnoreCase)).LastOrDefault();
        if (output is not null) return output;
        features ??= Inspect(model, image).Features?.Tensor;
        var tensor = features;
        for (var steps = 0; tensor is not null && steps <= index.NodeCount; steps++)
        {
            if (OnnxTokens.Of(shapes, tensor) is not null) return tensor;
            tensor = index.Producer(tensor)?.InputAt(0);
        }

        throw Throw.OnnxNoTokens(model.Source, features ?? model.Outputs[0].Name);
    }

    /// <summary>The output of a transformer without a classifier.</summary>
    private static (OnnxFeatureTensor Features, string? Note)? Tokens(List<string> outputs, OnnxGraphIndex index, OnnxShapes shapes)
    {
        var hidden = outputs.Where(name => OnnxTokens.Of(shapes, name) is not null).OrderBy(name => name.Contains("last", StringComparison.OrdinalIgnoreCase)).LastOrDefault();
        var pooler = outputs.Find(OutputNames.IsPooler);
        if (hidden is null) return pooler is not null && Vector(pooler, shapes) is { } only ? (only, NoteOn(pooler)) : null;
        if (pooler is not null && !IsTanhPooler() && Vector(pooler, shapes) is { } pooled) return (pooled, null);
        return (Described(hidden, null, shapes), pooler is null ? null : $"'{pooler}' was not chosen: it is a layer that some checkpoints leave at random numbers.");

        bool IsTanhPooler() => index.Producer(pooler) is { OpType: "Tanh" };

        string? NoteOn(string name) => index.Producer(name) is { OpType: "Tanh" } ? $"'{name}' is a layer that some checkpoints leave at random numbers: compare it with another layer." : null;
    }

    private static OnnxFeatureTensor? Vector(string tensor, OnnxShapes shapes) => shapes[tensor] switch
    {
        { ElementType: OnnxElementType.Int64 or OnnxElementType.Int32 or OnnxElementType.Bool } => null,
        { Dims.Count: 2 or 4 } or { Dims: [_, { Size: 1 }, _] or [_, _, { Size: 1 }] } => Described(tensor, null, shapes),
        _ => null,
    };

    private static OnnxFeatureTensor Described(string tensor, int? dim, OnnxShapes shapes)
    {
        switch (shapes.Dims(tensor))
        {
            case [_, var c, var h, var w]:
                var channels = h.Size == 1 ? new[] { c, w }.FirstOrDefault(d => d.Size != 1, c) : c;
                return new(tensor, dim ?? (int?)channels.Size, h.Size != 1 || (w.Size != 1 && c.Size != 1));
            case [_, { Size: not 1 }, { Size: not 1 and var length }]:
                return new(tensor, dim ?? (int?)length, false, OnnxTokens.Of(shapes, tensor) is { Prefix: > 0 } ? FeaturePooling.Cls : FeaturePooling.MeanTokens);
            default:
                return new(tensor, dim ?? shapes[tensor].RowLength, false);
        }
    }

    private static bool NeedsOnly(string input, string output, OnnxGraphIndex index)
    {
        var open = new Stack<string>([output]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var reached = false;
        while (open.TryPop(out var tensor))
        {
            if (!seen.Add(tensor)) continue;
            if (index.Producer(tensor) is { } node)
            {
                foreach (var one in node.Input.Where(one => one.Length > 0)) open.Push(one);
            }
            else if (index.IsInput(tensor))
            {
                if (tensor != input) return false;
                reached = true;
            }
        }

        return reached;
    }

    private static string WhyNot(OnnxModel model, List<string> doubts, OnnxGraphIndex index, OnnxShapes shapes)
    {
        var last = model.Outputs[0].Name;
        var why = doubts.Count > 0
            ? $"'{doubts[0]}' of {model.Source} may hold class scores or an embedding."
            : $"The graph of {model.Source} does not end in a Gemm, MatMul or 1x1 convolution, and its output '{last}' is not [N,D]"
                + (shapes.WhyUnknown(last) is { } reason ? $" as far as can be seen: {reason}." : ".");
        // The outputs, and what the last nodes with weights read.
        var names = model.Outputs.Select(output => output.Name)
            .Concat(model.Graph.Node.Reverse().Where(node => OnnxNetworkEnd.IsLinear(node, index, shapes)).Select(node => OnnxNetworkEnd.DataOf(node, index)))
            .Where(name => index.Producer(name) is not null && shapes[name].ElementType is OnnxElementType.Float32 or OnnxElementType.Float16 or OnnxElementType.Unknown)
            .Distinct().Take(MostCandidates).Select(name => $"'{name}' {shapes[name].ShapeText}").ToList();
        return $"{why} Candidates: {(names.Count == 0 ? "none" : string.Join(", ", names))}; choose one by --layer NAME (FeatureExtractorOptions.Layer), or name it in a .model.json.";
    }
}
