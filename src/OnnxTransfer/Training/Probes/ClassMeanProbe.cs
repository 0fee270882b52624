using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Training.Probes;

/// <summary>
/// Classifies rows by the nearest class mean, without training: each row is divided by its length, and the class whose mean has the greatest
/// cosine is predicted (Mensink et al., "Metric learning for large scale image classification: generalizing to new classes at near-zero cost", 2012).
/// </summary>
internal static class ClassMeanProbe
{
    /// <summary>The predicted class of each row of <paramref name="queries"/>; of equal classes the lower. A row of zeros is of class -1.</summary>
    internal static int[] Classify(LabeledFeatures training, LabeledFeatures queries, int classCount)
    {
        var dim = training.Features.Dim;
        var means = Means(training, classCount);
        var lengths = VectorLength.OfRows(queries.Features);
        var predicted = new int[queries.Count];
        var cosines = new double[classCount];
        for (var i = 0; i < predicted.Length; i++)
        {
            var row = queries.Features.Row(i);
            for (var c = 0; c < classCount; c++)
            {
                double sum = 0;
                for (var d = 0; d < dim; d++) sum += means[c][d] * row[d];
                cosines[c] = sum;
            }

            predicted[i] = lengths[i] > 0 ? Argmax.Of<double>(cosines) : -1;
        }

        return predicted;
    }

    private static double[][] Means(LabeledFeatures training, int classCount)
    {
        double[][] means = [.. Enumerable.Range(0, classCount).Select(_ => new double[training.Features.Dim])];
        var lengths = VectorLength.OfRows(training.Features);
        for (var i = 0; i < training.Count; i++)
        {
            if (lengths[i] == 0) continue;
            var row = training.Features.Row(i);
            var mean = means[training.Labels[i]];
            for (var d = 0; d < mean.Length; d++) mean[d] += row[d] / lengths[i];
        }

        foreach (var mean in means)
        {
            // Only the direction counts.
            var length = Math.Sqrt(mean.Sum(v => v * v));
            for (var d = 0; d < mean.Length && length > 0; d++) mean[d] /= length;
        }

        return means;
    }
}
