namespace OnnxTransfer.Training;

/// <summary>The two windows of a training on stored rows, made when the first pass needs them.</summary>
internal sealed class WindowBuffers
{
    private readonly Lazy<float[]> _first, _second;

    /// <param name="rows">The rows of a window: a multiple of a batch, so that only the last batch of an epoch is smaller.</param>
    /// <param name="dim">D.</param>
    internal WindowBuffers(int rows, int dim)
    {
        Rows = rows;
        _first = new Lazy<float[]>(() => GC.AllocateUninitializedArray<float>(rows * dim));
        _second = new Lazy<float[]>(() => GC.AllocateUninitializedArray<float>(rows * dim));
    }

    /// <summary>The rows of a window.</summary>
    internal int Rows { get; }

    internal float[] First => _first.Value;

    internal float[] Second => _second.Value;
}
