using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How <c>ClassifierHead.Tune</c> searches the L2 of a linear head. Every value is checked where it is set.</summary>
public sealed record TuningOptions
{
    /// <summary>k, the number of folds, at least 2.</summary>
    public int FoldCount { get; init => field = Require.AtLeastTwo(value, nameof(FoldCount)); } = 5;

    /// <summary>
    /// The values of <see cref="TrainingOptions.L2"/> to try, each greater than 0, in any order. Null, the default, for 13 values
    /// evenly spaced on a logarithmic scale around the L2 of a training without tuning, from 32 times as much to 1/32.
    /// <see cref="DinoValues"/> gives the 45 values of DINOv2's protocol.
    /// </summary>
    public IReadOnlyList<double>? Values { get; init => field = value is null ? null : Require.All(value, nameof(Values), Require.Positive); }

    /// <summary>
    /// Whether features are brought to mean 0 and deviation 1 over all rows; null, the default, tries both and takes
    /// standardized ones if their loss is lower by more than one standard error.
    /// </summary>
    public bool? Standardize { get; init; }

    /// <summary>
    /// Whether the largest L2 is chosen whose mean loss is at most one standard error above the lowest (Breiman et al., 1984), instead of the
    /// one with the lowest.
    /// </summary>
    public bool OneStandardError { get; init; }

    /// <summary>
    /// Sizes of one hidden layer to try beside the linear head, each at least 1; none by default. A network with a hidden layer is trained with the
    /// defaults of <see cref="TrainingOptions"/> on the same folds, and taken only if its log loss is lower than that of the best linear head by more than
    /// one standard error, the larger of the two. All rows must fit in memory.
    /// </summary>
    public IReadOnlyList<int> HiddenUnits { get; init => field = Require.All(value, nameof(HiddenUnits), Require.Positive); } = EquatableList.Of<int>([]);

    /// <summary>The seed of the folds, and of the first weights of hidden layers.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>As <see cref="TrainingOptions.Threads"/>; the result does not depend on it.</summary>
    public int Threads { get; init => field = Require.Threads(value, nameof(Threads)); }

    /// <summary>
    /// The values of DINOv2's logistic regression: <c>L2 = 1/(C·N)</c> for 45 values of scikit-learn's C, evenly spaced on a
    /// logarithmic scale from 1e-6 to 1e5.
    /// </summary>
    /// <param name="rowCount">N, the number of rows that are tuned on; at least 1.</param>
    public static IReadOnlyList<double> DinoValues(int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        return [.. Enumerable.Range(0, 45).Select(i => 1 / (Math.Pow(10, -6 + i * 11 / 44.0) * rowCount))];
    }
}
