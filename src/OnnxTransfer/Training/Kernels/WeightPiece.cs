namespace OnnxTransfer.Training.Kernels;

/// <summary>A part of W whose gradient is computed at once: the blocks of outputs from one to before another, in one panel.</summary>
internal readonly record struct WeightPiece(int Panel, int From, int To)
{
    /// <summary>Blocks of outputs in a piece: it, its gradient and an optimizer's moments are 48 KB in float32 and stay in the nearest caches.</summary>
    internal const int OutputBlocks = 8;

    /// <summary>The most numbers of type T in a piece.</summary>
    internal static int MaxLength<T>() => DenseKernels.Panel * DenseKernels.Outputs * OutputBlocks * System.Runtime.Intrinsics.Vector256<T>.Count;
}
