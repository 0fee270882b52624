namespace OnnxTransfer.Evaluation;

/// <summary>How often each class was taken for each other, <c>[C,C]</c>: the row is the true class, the column the predicted one.</summary>
public sealed class ConfusionMatrix
{
    private readonly int[] _counts;

    internal ConfusionMatrix(int[] counts, int classCount)
    {
        _counts = counts;
        ClassCount = classCount;
    }

    /// <summary>C.</summary>
    public int ClassCount { get; }

    /// <summary>Images of class <paramref name="truth"/> that were predicted as <paramref name="predicted"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is not in [0, C).</exception>
    public int this[int truth, int predicted]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)truth, (uint)ClassCount, nameof(truth));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)predicted, (uint)ClassCount, nameof(predicted));
            return _counts[truth * ClassCount + predicted];
        }
    }

    /// <summary>The images whose true class is <paramref name="truth"/>, by predicted class, length C.</summary>
    public ReadOnlySpan<int> Row(int truth)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)truth, (uint)ClassCount, nameof(truth));
        return _counts.AsSpan(truth * ClassCount, ClassCount);
    }

    /// <summary>A copy as rows, <c>[C][C]</c>.</summary>
    public int[][] ToRows() => [.. Enumerable.Range(0, ClassCount).Select(truth => Row(truth).ToArray())];
}
