using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OnnxTransfer.Training;

/// <summary>
/// The first weights of a head that gains or loses classes. A class that stays keeps its weights. A new one starts in the direction of its mean from
/// the mean of all classes, as long as the weights of the others and with the logit that they have at their own means: the nearest-class-mean
/// classifier (Mensink et al., 2012) at the scale of a trained head, as weight imprinting does (Qi et al., "Low-shot learning with imprinted weights", 2018).
/// </summary>
internal static class HeadGrowth
{
    /// <summary>
    /// The first weights; null if the head is not linear, or if they are worse than a guess on the rows: the training then starts as any other.
    /// </summary>
    /// <param name="head">The trained head.</param>
    /// <param name="oldClass">For each class of the new head, its index in <paramref name="head"/>, or -1 for a new class.</param>
    /// <param name="training">The rows of all classes of the new head; each has at least one.</param>
    internal static ClassifierHead? Start(ClassifierHead head, IReadOnlyList<int> oldClass, LabeledFeatures training)
    {
        if (head.Layers is not [{ Activation: Activation.Softmax } layer]) return null;
        var (dim, classes) = (head.Dim, oldClass.Count);
        var means = Means(training, classes);
        var weights = Enumerable.Range(0, classes).Select(c => oldClass[c] < 0 ? new double[dim] : Column(layer, oldClass[c])).ToArray();
        var biases = oldClass.Select(old => old < 0 ? 0.0 : layer.Bias[old]).ToArray();
        int[] known = [.. Enumerable.Range(0, classes).Where(c => oldClass[c] >= 0)];
        // Without any old class there is no scale to take over.
        var length = known.Length == 0 ? 1 : known.Average(c => Length(Minus(weights[c], Mean([.. known.Select(k => weights[k])]))));
        var logit = known.Length == 0 ? 0 : known.Average(c => Dot(weights[c], means[c]) + biases[c]);
        var center = Mean(means);
        for (var c = 0; c < classes; c++)
        {
            if (oldClass[c] >= 0) continue;
            var direction = Minus(means[c], center);
            var scale = Length(direction) is > 0 and var own ? length / own : 0;
            weights[c] = [.. direction.Select(value => value * scale)];
            biases[c] = logit - Dot(weights[c], means[c]);
        }

        var start = new SoftmaxHead([.. weights.SelectMany(column => column.Select(value => (float)value))], [.. biases.Select(bias => (float)bias)], dim);
        // The old weights never saw the new rows, and can be as sure of them as they are wrong. Zero is nearer then.
        return Loss(start, training) < Math.Log(classes) ? start : null;
    }

    /// <summary>What tells first weights from others, for the record of a training.</summary>
    internal static string Fingerprint(ClassifierHead start)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var layer in start.Layers)
        {
            hash.AppendData(MemoryMarshal.AsBytes(layer.Weights.AsSpan()));
            hash.AppendData(MemoryMarshal.AsBytes(layer.Bias.AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static double[][] Means(LabeledFeatures rows, int classes)
    {
        double[][] means = [.. Enumerable.Range(0, classes).Select(_ => new double[rows.Features.Dim])];
        var counts = TrainingChecks.RowsPerClass(rows, classes);
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows.Features.Row(i);
            var label = rows.Labels[i];
            for (var d = 0; d < row.Length; d++) means[label][d] += row[d] / (double)counts[label];
        }

        return means;
    }

    private static double Loss(ClassifierHead head, LabeledFeatures rows) =>
        Enumerable.Range(0, rows.Count).Average(row => -Math.Log(Math.Max(head.Probabilities(rows.Features.Row(row))[rows.Labels[row]], float.Epsilon)));

    private static double[] Column(DenseLayer layer, int output) => [.. Enumerable.Range(0, layer.Inputs).Select(d => (double)layer.Weights[(d * layer.Outputs) + output])];

    private static double[] Mean(double[][] vectors) => [.. Enumerable.Range(0, vectors[0].Length).Select(d => vectors.Average(vector => vector[d]))];

    private static double[] Minus(double[] left, double[] right) => [.. left.Zip(right, (l, r) => l - r)];

    private static double Dot(double[] left, double[] right) => left.Zip(right, (l, r) => l * r).Sum();

    private static double Length(double[] vector) => Math.Sqrt(Dot(vector, vector));
}
