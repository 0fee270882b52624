using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>
/// The gradients of many batches, added up in float64: the sum over millions of rows in float32 would lose what single rows say.
/// </summary>
/// <param name="layers">The layers, whose gradients are those of the newest batch.</param>
internal sealed class GradientSum(IReadOnlyList<PackedLayer<float>> layers)
{
    private readonly double[][] _sums = [.. layers.Select(layer => new double[layer.Gradient.Length])];

    internal void Clear()
    {
        foreach (var sum in _sums) Array.Clear(sum);
    }

    /// <summary>Adds the layers' gradients, times a factor.</summary>
    internal void Add(double factor)
    {
        for (var l = 0; l < _sums.Length; l++)
        {
            var gradient = layers[l].Gradient.AsSpan();
            for (var i = 0; i < gradient.Length; i++) _sums[l][i] += factor * gradient[i];
        }
    }

    /// <summary>Rounds the sums into the layers' gradients.</summary>
    internal void Store()
    {
        for (var l = 0; l < _sums.Length; l++)
        {
            var gradient = layers[l].Gradient.AsSpan();
            for (var i = 0; i < gradient.Length; i++) gradient[i] = (float)_sums[l][i];
        }
    }
}
