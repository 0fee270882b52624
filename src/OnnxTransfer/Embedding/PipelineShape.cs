using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding;

/// <summary>The layout of a run on the machine.</summary>
/// <param name="BatchSize">Images that go through the network together.</param>
/// <param name="Workers">Threads that read, decode and prepare images; on the CPU they run the network too.</param>
/// <param name="Runners">Threads that only feed a device with batches; 0 on the CPU.</param>
/// <remarks>
/// On the CPU each worker takes an image from its file to its row, and the network runs on one thread for each of them. All cores are
/// then busy with no more threads than cores, none waits for another between the layers of a network, and the output of a layer is
/// still in the core's cache when the next layer reads it. Batches gain nothing there, because a convolution works image by image
/// anyway, and a row that is computed alone depends on no other image. A device needs batches of one size, because it plans its work
/// again for every shape.
/// </remarks>
internal sealed record PipelineShape(int BatchSize, int Workers, int Runners)
{
    private const int DeviceBatchSize = 32;

    /// <summary>
    /// The number of batches that may be in progress, which limits the memory. It is large enough that one large image blocks no
    /// thread.
    /// </summary>
    internal int Window => Runners > 0 ? 2 + Runners + (Workers + BatchSize - 1) / BatchSize : 8 * Workers;

    /// <summary>Whether a batch that is not full goes through the network at full size all the same.</summary>
    internal bool IsPadded => Runners > 0;

    /// <summary>The layout for a provider.</summary>
    /// <param name="provider">The provider that the network runs on.</param>
    /// <param name="threads">Threads to use; 0 is one for each core that the process may use.</param>
    /// <param name="batchSize">Images per run of the network; 0 to choose.</param>
    /// <param name="fixedBatch">The batch size that the graph fixes; null if it takes any.</param>
    internal static PipelineShape For(ExecutionProvider provider, int threads, int batchSize, int? fixedBatch)
    {
        var workers = Cores.Count(threads);
        return provider == ExecutionProvider.Cpu
            ? new PipelineShape(batchSize > 0 ? batchSize : fixedBatch ?? 1, workers, Runners: 0)
            : new PipelineShape(batchSize > 0 ? batchSize : fixedBatch ?? DeviceBatchSize, workers, Runners: 1);
    }
}
