using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Inspection;

/// <summary>The convolution that looks at the colors themselves.</summary>
/// <param name="Weights"><c>[K,3,H,W]</c>, row-major.</param>
/// <param name="Count">K, the number of filters.</param>
/// <param name="Height">H, in pixels.</param>
/// <param name="Width">W, in pixels.</param>
internal sealed record OnnxFilters(float[] Weights, int Count, int Height, int Width)
{
    /// <summary>The filters of the first convolution with three input channels.</summary>
    /// <exception cref="InvalidDataException">There is none, or its weights are no plain floating-point constant.</exception>
    internal static OnnxFilters First(OnnxModel model)
    {
        foreach (var node in model.Graph.Node.Where(node => node.OpType == "Conv"))
        {
            var weights = model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == node.InputAt(1));
            if (weights?.Dims is [var count, 3, var height, var width])
                return new OnnxFilters(OnnxTensorData.ReadFloats(weights), (int)count, (int)height, (int)width);
        }

        throw Throw.OnnxNoColorFilters(model.Source);
    }
}
