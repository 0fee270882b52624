using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Feature vectors <c>[N,D]</c> with the truth for every row: one class, or any number of labels. A head is trained and validated on
/// them.
/// </summary>
public sealed class LabeledFeatures
{
    private readonly int[] _labels = [];
    private readonly float[] _targets = [];
    private readonly float[]? _weights;

    /// <summary>Pairs features with one class for each row; nothing is copied.</summary>
    /// <param name="features"><c>[N,D]</c>, N at least 1, every value finite.</param>
    /// <param name="labels"><c>[N]</c>, class indices from 0.</param>
    /// <param name="weights"><c>[N]</c>, the factor on each row's loss, finite and at least 0; null for 1.</param>
    /// <exception cref="ArgumentException">
    /// There are no rows, there is not one label for each row, or a row holds NaN or infinity.
    /// </exception>
    public LabeledFeatures(FeatureMatrix features, int[] labels, float[]? weights = null)
        : this(features, weights)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Length != features.RowCount) Throw.LabelsDoNotMatchRows(labels.Length, features.RowCount);
        _labels = labels;
    }

    /// <summary>Pairs features with any number of labels for each row.</summary>
    /// <param name="features"><c>[N,D]</c>, N at least 1, every value finite.</param>
    /// <param name="targets"><c>[N,C]</c> in [0, 1]: whether, or how probably, each label holds; copied.</param>
    /// <param name="weights"><c>[N]</c>, the factor on each row's loss, finite and at least 0; null for 1.</param>
    /// <exception cref="ArgumentException">There are no rows, the shapes do not fit, or a number is out of range.</exception>
    public LabeledFeatures(FeatureMatrix features, Matrix<float> targets, float[]? weights = null)
        : this(features, weights)
    {
        ArgumentNullException.ThrowIfNull(targets);
        if (targets.RowCount != features.RowCount) Throw.LabelsDoNotMatchRows(targets.RowCount, features.RowCount);
        _targets = targets.ToRowMajorArray();
        LabelCount = targets.ColumnCount;
        var bad = Array.FindIndex(_targets, t => !(t is >= 0 and <= 1));
        if (bad >= 0) Throw.TargetOutOfRange(bad / LabelCount, bad % LabelCount, _targets[bad]);
    }

    private LabeledFeatures(int[] labels, FeatureMatrix features) => (_labels, Features) = (labels, features);

    private LabeledFeatures(FeatureMatrix features, float[]? weights)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.RowCount == 0) Throw.NoRows();
        var bad = features.Values.IndexOfNonFinite();
        if (bad >= 0) Throw.FeatureNotFinite(bad / features.Dim, bad % features.Dim, features.Values[bad]);
        if (weights is not null && weights.Length != features.RowCount) Throw.WeightsDoNotMatchRows(weights.Length, features.RowCount);
        bad = weights is null ? -1 : Array.FindIndex(weights, w => !(w >= 0 && float.IsFinite(w)));
        if (bad >= 0) Throw.SampleWeightOutOfRange(bad, weights![bad]);
        Features = features;
        _weights = weights;
    }

    /// <summary>Pairs features that are finite with as many labels, without looking at them.</summary>
    internal static LabeledFeatures OfChecked(FeatureMatrix features, int[] labels) => new(labels, features);

    /// <summary><c>[N,D]</c>.</summary>
    public FeatureMatrix Features { get; }

    /// <summary><c>[N]</c>, the class index of each row; empty with multiple labels.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>N.</summary>
    public int Count => Features.RowCount;

    /// <summary>
    /// <c>[N]</c>, any number for each row: rows with the same number, such as near duplicates, stay on one side whenever rows are divided
    /// (<see cref="ClassifierHead.CrossValidate"/>, <see cref="TrainingOptions.ValidationFraction"/>). Null, the default, divides row by row.
    /// </summary>
    /// <exception cref="ArgumentException">There is not one number for each row.</exception>
    public IReadOnlyList<int>? Groups
    {
        get;
        init
        {
            if (value is not null && value.Count != Count) Throw.GroupsDoNotMatchRows(value.Count, Count);
            field = value is null ? null : EquatableList.Of(value, nameof(Groups));
        }
    }

    /// <summary>The columns of multiple labels; 0 where each row has one class.</summary>
    internal int LabelCount { get; }

    /// <summary><c>[C]</c>: the multiple labels of a row.</summary>
    internal ReadOnlySpan<float> Targets(int row) => _targets.AsSpan(row * LabelCount, LabelCount);

    /// <summary>The share of rows whose class is the predicted one.</summary>
    /// <param name="predicted"><c>[N]</c>.</param>
    internal double Accuracy(int[] predicted)
    {
        var right = 0;
        for (var i = 0; i < predicted.Length; i++) right += predicted[i] == _labels[i] ? 1 : 0;
        return (double)right / predicted.Length;
    }

    internal double WeightOf(int row) => _weights?[row] ?? 1;

    /// <summary>Other vectors with the labels and weights of the given rows, in the given order.</summary>
    internal LabeledFeatures With(FeatureMatrix features, IReadOnlyList<int> rows)
    {
        float[]? weights = _weights is null ? null : [.. rows.Select(i => _weights[i])];
        int[]? groups = Groups is null ? null : [.. rows.Select(i => Groups[i])];
        return LabelCount == 0
            ? new LabeledFeatures(features, [.. rows.Select(i => _labels[i])], weights) { Groups = groups }
            : new LabeledFeatures(features, Matrix<float>.Build.Dense(rows.Count, LabelCount, (i, c) => _targets[rows[i] * LabelCount + c]), weights) { Groups = groups };
    }

    /// <summary>The same rows in groups.</summary>
    internal LabeledFeatures InGroups(IReadOnlyList<int> groups) => LabelCount == 0
        ? new LabeledFeatures(Features, _labels, _weights) { Groups = groups }
        : new LabeledFeatures(Features, Matrix<float>.Build.DenseOfRowMajor(Count, LabelCount, _targets), _weights) { Groups = groups };

    /// <summary>The given rows, in the given order.</summary>
    internal LabeledFeatures Select(IReadOnlyList<int> rows) => With(Features.Select(rows), rows);
}
