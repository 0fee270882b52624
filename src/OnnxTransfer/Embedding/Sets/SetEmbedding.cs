using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace OnnxTransfer.Embedding.Sets;

/// <summary>Computes parts of a feature set and writes each as soon as its last image is done. The parts share one run, so that no core waits at the end of one.</summary>
internal sealed class SetEmbedding
{
    private readonly SetFolder _folder;
    private readonly SetPlan _plan;
    private readonly string _provider;
    private readonly Action<int, SoundPart>? _written;
    // The parts whose images went into the pipeline and did not all come out.
    private readonly ConcurrentQueue<(int Number, FeaturePartWriter Writer)> _open = new();

    private SetEmbedding(SetFolder folder, SetPlan plan, string provider, Action<int, SoundPart>? written) => (_folder, _plan, _provider, _written) = (folder, plan, provider, written);

    /// <summary>Computes parts.</summary>
    /// <param name="network">The network, which must be that of the plan.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="parts">
    /// The parts, taken as there is room. The images of a part may wait for those of the next one to fill a batch, so a caller that has no
    /// next part yet ends the run.
    /// </param>
    /// <param name="count">The number of images; null if it is not known.</param>
    /// <param name="written">Told of each part that is on the disk, by its number.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images; what is not a whole part is lost.</param>
    /// <exception cref="ArgumentException">The network is another one, or the images of a part are not those of the plan.</exception>
    /// <exception cref="IOException">A part cannot be written.</exception>
    internal static Task<EmbeddingRun> RunAsync(
        ImageNetwork network, SetFolder folder, SetPlan plan, IAsyncEnumerable<PlannedPart> parts, int? count, Action<int, SoundPart>? written = null, int batchSize = 0,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var source = network.Source;
        if (source.Sha256 != plan.Network.Sha256) throw Throw.SetNetworkIsAnother(source.DifferenceFrom(plan.Network));
        var run = new SetEmbedding(folder, plan, network.Machine, written);
        return network.RunAsync(run.Images(parts, cancellationToken), count, run.Take, batchSize, progress, cancellationToken);
    }

    private async IAsyncEnumerable<ImageInput> Images(IAsyncEnumerable<PlannedPart> parts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var part in parts.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            _open.Enqueue((part.Number, new FeaturePartWriter(_plan, part.Number, part.Images, _provider)));
            for (var i = 0; i < part.Images.Length; i++) yield return part.Images.Span[i].Input;
        }
    }

    private void Take(EmbeddedImage image)
    {
        _open.TryPeek(out var part);
        part.Writer.Add(image.Vector, image.Error, image.TimedOut);
        if (!part.Writer.IsFull) return;
        _open.TryDequeue(out _);
        var sound = part.Writer.Write(_folder);
        _written?.Invoke(part.Number, sound);
    }
}
