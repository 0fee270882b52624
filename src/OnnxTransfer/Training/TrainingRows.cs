namespace OnnxTransfer.Training;

/// <summary>
/// The labeled rows of a training. They need not fit in memory: a pass gives them in windows, of which one is in use at a time.
/// </summary>
internal abstract class TrainingRows
{
    private FeatureMoments? _moments;

    /// <summary>D.</summary>
    internal abstract int Dim { get; }

    /// <summary>N.</summary>
    internal abstract long Count { get; }

    /// <summary>The columns of multiple labels; 0 where each row has one class.</summary>
    internal abstract int LabelCount { get; }

    /// <summary>The window that has all rows; null if memory has no room for one.</summary>
    internal abstract RowWindow? Whole { get; }

    /// <summary>The mean and variance of each feature, from two passes at the first use.</summary>
    internal FeatureMoments Moments => _moments ??= FeatureMoments.Of(this);

    /// <summary>All rows in their order. A window holds until the next one is taken.</summary>
    internal abstract IEnumerable<RowWindow> Pass();

    /// <summary>
    /// All rows in a random order. Every window but the last has a whole number of batches. A window holds until the next one is taken.
    /// </summary>
    /// <param name="random">Gives the order.</param>
    internal abstract IEnumerable<RowWindow> Epoch(SeededRandom random);

    /// <summary><c>[C]</c>: the rows of each class, whose labels are in range.</summary>
    internal abstract long[] RowsPerClass(int classCount);

    /// <summary>Refuses labels that do not fit the classes.</summary>
    /// <param name="multiLabel">Whether there must be multiple labels.</param>
    /// <param name="classCount">C.</param>
    /// <param name="set">The name of the set, for messages.</param>
    internal abstract void CheckLabels(bool multiLabel, int classCount, string set);
}

/// <summary>Rows that are in memory, and the order in which they are taken.</summary>
/// <param name="Rows">The rows.</param>
/// <param name="Order">Row numbers, each once; ascending in a pass, shuffled in an epoch.</param>
/// <param name="First">In a pass, how many rows came before.</param>
internal readonly record struct RowWindow(LabeledFeatures Rows, int[] Order, long First = 0);
