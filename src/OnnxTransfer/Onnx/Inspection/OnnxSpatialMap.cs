using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The map that a feature vector is the average of: one vector for each place of the image.</summary>
/// <param name="Tensor">Its name in the graph.</param>
/// <param name="Layout">The order of its axes.</param>
/// <param name="Channels">D.</param>
/// <param name="Height">Places from top to bottom.</param>
/// <param name="Width">Places from left to right.</param>
internal sealed record OnnxSpatialMap(string Tensor, TensorLayout Layout, int Channels, int Height, int Width)
{
    /// <summary>Numbers of one image's map.</summary>
    internal int Length => Channels * Height * Width;

    /// <summary>Where the vector of a place begins in one image's map, and how far apart its numbers are.</summary>
    internal (int Start, int Step) Place(int y, int x) => Layout == TensorLayout.Nhwc
        ? (((y * Width) + x) * Channels, 1)
        : ((y * Width) + x, Height * Width);

    /// <summary>Walks back from a feature tensor through what only reshapes it to the average over an image's places.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="features">The feature tensor.</param>
    /// <param name="image">The image input, with the size to assume where the graph leaves it free.</param>
    /// <exception cref="InvalidDataException">The features are not such an average.</exception>
    internal static OnnxSpatialMap BehindAverage(OnnxModel model, string features, OnnxImageInput image)
    {
        var shapes = OnnxShapes.Infer(model, image.Sizes(model));
        var index = new OnnxGraphIndex(model);
        var tensor = features;
        // A graph has no cycles, but a damaged file may: no walk is longer than the graph.
        for (var steps = 0; steps <= index.NodeCount; steps++)
        {
            var node = index.Producer(tensor);
            if (node?.InputAt(0) is not { } input) throw Throw.OnnxNoSpatialMap(model.Source, features, "leads to no node that averages a map");
            switch (node.OpType)
            {
                case "Identity" or "Cast" or "Dropout" or "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Transpose":
                    tensor = input;
                    break;
                case "GlobalAveragePool":
                case "AveragePool" when shapes.Dims(input) is [_, _, { Size: { } h }, { Size: { } w }] && node.Ints("kernel_shape") is [var kh, var kw] && kh == h && kw == w:
                    return Of(model, features, shapes[input], TensorLayout.Nchw);
                case "ReduceMean" when SpatialAxes(node, shapes) is { } layout:
                    return Of(model, features, shapes[input], layout);
                default:
                    throw Throw.OnnxNoSpatialMap(model.Source, features, $"comes out of {node.OpType} '{node.Name}'");
            }
        }

        throw Throw.OnnxNoSpatialMap(model.Source, features, "is part of a cycle of the graph");
    }

    /// <summary>A layer as a map; null if it has no height and width, or not all of its sizes are known.</summary>
    internal static OnnxSpatialMap? Of(OnnxLayer layer) => layer.IsSpatial ? Of(layer.Value, layer.Layout ?? TensorLayout.Nchw) : null;

    /// <summary>The layout in which a node averages over height and width; null when it averages over anything else.</summary>
    private static TensorLayout? SpatialAxes(NodeProto node, OnnxShapes shapes)
    {
        var axes = node.Ints("axes") ?? shapes.Contents(node.InputAt(1))?.Select(axis => axis.Size ?? 0).ToArray();
        if (axes is null || shapes.Dims(node.Input[0]) is not { Count: 4 }) return null;
        return axes.Select(axis => axis < 0 ? axis + 4 : axis).Order().ToArray() switch
        {
            [1, 2] => TensorLayout.Nhwc,
            [2, 3] => TensorLayout.Nchw,
            _ => null,
        };
    }

    private static OnnxSpatialMap Of(OnnxModel model, string features, OnnxValue map, TensorLayout layout) =>
        Of(map, layout) ?? throw Throw.OnnxNoSpatialMap(model.Source, features, $"is the average of '{map.Name}', whose shape {map.ShapeText} is not known in full");

    private static OnnxSpatialMap? Of(OnnxValue map, TensorLayout layout)
    {
        var (c, h, w) = layout == TensorLayout.Nchw ? (1, 2, 3) : (3, 1, 2);
        return map.Dims is { Count: 4 } dims && dims[c].Size is { } channels && dims[h].Size is { } height && dims[w].Size is { } width
            ? new OnnxSpatialMap(map.Name, layout, (int)channels, (int)height, (int)width)
            : null;
    }
}
