using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Training;

namespace OnnxTransfer.Explaining;

/// <summary>
/// A class activation map (Zhou et al., "Learning Deep Features for Discriminative Localization", 2016): features are the average of a
/// map, so the score of a linear head is the average of the scores of all places, <c>m(y,x) = f(y,x)·w</c>. No gradient is needed, and
/// nothing is approximated: the mean of the map and the bias are the class's score.
/// </summary>
internal static class ActivationMap
{
    /// <summary>The contribution of each place of an image to a class's score.</summary>
    /// <param name="features">One image's map, laid out as <paramref name="map"/> says.</param>
    /// <param name="map">The map's shape.</param>
    /// <param name="head">The head's only layer, <c>[D,C]</c>.</param>
    /// <param name="classIndex">The class.</param>
    /// <returns><c>[H,W]</c> row-major.</returns>
    /// <remarks>
    /// A softmax does not change if the same vector is added to all its columns, so only the difference of a class's column from the
    /// mean column counts: <c>w = W[:,c] - mean(W)</c>. Logistic outputs stand alone and keep their own.
    /// </remarks>
    internal static float[] Of(ReadOnlySpan<float> features, OnnxSpatialMap map, DenseLayer head, int classIndex)
    {
        var weights = ClassWeights(head, classIndex);
        var scores = new float[map.Height * map.Width];
        for (var y = 0; y < map.Height; y++)
        {
            for (var x = 0; x < map.Width; x++)
            {
                var (at, step) = map.Place(y, x);
                double score = 0;
                for (var d = 0; d < weights.Length; d++, at += step) score += features[at] * weights[d];
                scores[(y * map.Width) + x] = (float)score;
            }
        }

        return scores;
    }

    /// <summary>The features of an image, <c>[D]</c>: the average of its map over all places.</summary>
    internal static float[] Average(ReadOnlySpan<float> features, OnnxSpatialMap map)
    {
        var sums = new double[map.Channels];
        for (var y = 0; y < map.Height; y++)
        {
            for (var x = 0; x < map.Width; x++)
            {
                var (at, step) = map.Place(y, x);
                for (var d = 0; d < sums.Length; d++, at += step) sums[d] += features[at];
            }
        }

        return [.. sums.Select(sum => (float)(sum / (map.Height * map.Width)))];
    }

    private static double[] ClassWeights(DenseLayer head, int classIndex)
    {
        var weights = new double[head.Inputs];
        for (var d = 0; d < weights.Length; d++)
        {
            var row = head.Weights.AsSpan(d * head.Outputs, head.Outputs);
            double mean = 0;
            if (head.Activation == Activation.Softmax)
                foreach (var weight in row) mean += weight / row.Length;
            weights[d] = row[classIndex] - mean;
        }

        return weights;
    }
}
