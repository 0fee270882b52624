using OnnxTransfer.Features;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>Feature vectors <c>[N,D]</c> and the class of every row: what a head is trained and validated on.</summary>
public sealed class LabelledFeatures
{
    private readonly int[] _labels;

    /// <summary>Pairs features with labels; neither is copied.</summary>
    /// <param name="features"><c>[N,D]</c>, N at least 1, every value finite.</param>
    /// <param name="labels"><c>[N]</c>, class indices from 0.</param>
    /// <exception cref="ArgumentException">There are no rows, there is not one label a row, or a row holds NaN or infinity.</exception>
    public LabelledFeatures(FeatureMatrix features, int[] labels)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        if (features.RowCount == 0) Throw.NoRows();
        if (labels.Length != features.RowCount) Throw.LabelsDoNotMatchRows(labels.Length, features.RowCount);
        var bad = features.Values.IndexOfNonFinite();
        if (bad >= 0) Throw.FeatureNotFinite(bad / features.Dim, bad % features.Dim, features.Values[bad]);
        Features = features;
        _labels = labels;
    }

    /// <summary><c>[N,D]</c>.</summary>
    public FeatureMatrix Features { get; }

    /// <summary><c>[N]</c>, the class index of each row.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>N.</summary>
    public int Count => _labels.Length;
}
