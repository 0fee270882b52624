using System.Numerics.Tensors;

namespace OnnxTransfer.Embedding;

/// <summary>
/// The vector of an image that is seen in several views: the mean of their vectors. A linear head then gives the mean of the logits, and hence a
/// probability proportional to the geometric mean of the views' probabilities.
/// </summary>
internal static class ViewMean
{
    /// <summary>The mean of rows of the same length, summed in their order; a single row is that row.</summary>
    internal static float[] Of(ReadOnlySpan<float[]?> rows)
    {
        if (rows.Length == 1) return rows[0]!;
        var mean = new float[rows[0]!.Length];
        foreach (var row in rows) TensorPrimitives.Add(mean, row!, mean);
        TensorPrimitives.Divide(mean, rows.Length, mean);
        return mean;
    }
}
