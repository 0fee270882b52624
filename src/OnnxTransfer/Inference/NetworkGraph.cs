using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Inference;

/// <summary>
/// One network as it is run: from an image to one float32 output. It is cut out of its file once. The code that opens it, keeps its
/// rows, converts or profiles it uses this object. Immutable.
/// </summary>
/// <remarks>Its weights are those of the file's graph, not a copy. That is why its bytes are made at each opening, and not kept.</remarks>
internal sealed class NetworkGraph
{
    // Never edited.
    private readonly OnnxModel _model;
    private readonly Lazy<byte[]> _hash;

    /// <param name="model">The graph, which computes <paramref name="output"/> and nothing else; it now belongs to this object.</param>
    /// <param name="name">The name of the network in messages.</param>
    /// <param name="input">The name of the image input.</param>
    /// <param name="imageShape">The shape of one image in the input's layout, three numbers.</param>
    /// <param name="output">The name of the output, one row per image.</param>
    /// <param name="rowLength">D, the length of one row.</param>
    internal NetworkGraph(OnnxModel model, string name, string input, long[] imageShape, string output, int rowLength)
    {
        _model = model;
        _hash = new Lazy<byte[]>(model.ComputationHash);
        (Name, Input, ImageShape, Output, RowLength) = (name, input, imageShape, output, rowLength);
        ImageLength = (int)Sizes.Product(imageShape);
    }

    /// <summary>A backbone up to one of its tensors.</summary>
    /// <param name="backbone">The network.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="length">D, its numbers for one image.</param>
    /// <exception cref="ModelException">There is no such tensor, or the network does not take images of the card's size.</exception>
    internal static NetworkGraph Of(Backbone backbone, string tensor, int length) =>
        new(backbone.CutTo(tensor, length), backbone.Name, backbone.Card.Input.Tensor, backbone.Card.Input.ImageShape, tensor, length);

    /// <summary>The name of the network in messages.</summary>
    internal string Name { get; }

    /// <summary>The name of the image input.</summary>
    internal string Input { get; }

    /// <summary>The shape of one image in the input's layout, three numbers.</summary>
    internal long[] ImageShape { get; }

    /// <summary>The name of the output, one row per image.</summary>
    internal string Output { get; }

    /// <summary>D, the length of one row of the output.</summary>
    internal int RowLength { get; }

    /// <summary>The level of ONNX Runtime's optimizer; lower than all where the optimizer changes what the network computes.</summary>
    internal GraphOptimizationLevel Optimization { get; private init; } = GraphOptimizationLevel.ORT_ENABLE_ALL;

    /// <summary>Why <see cref="Optimization"/> is lower than all; null if it is not.</summary>
    internal string? OptimizationNote { get; private init; }

    /// <summary>Numbers of one prepared image.</summary>
    internal int ImageLength { get; }

    /// <summary>SHA-256 of what the network computes; made when it is first asked for.</summary>
    internal ReadOnlySpan<byte> ComputationHash => _hash.Value;

    /// <summary>The network as the bytes of an ONNX file.</summary>
    internal byte[] ToBytes() => _model.ToBytes();

    /// <summary>A copy of the graph, to be edited.</summary>
    internal OnnxModel CopyModel() => _model.Clone();

    /// <summary>The same network, opened at another level of optimization.</summary>
    internal NetworkGraph With(GraphOptimizationLevel level, string note) => new(_model, Name, Input, ImageShape, Output, RowLength) { Optimization = level, OptimizationNote = note };

    /// <summary>The same input and output, computed by another graph.</summary>
    internal NetworkGraph With(OnnxModel model) => new(model, Name, Input, ImageShape, Output, RowLength);
}
