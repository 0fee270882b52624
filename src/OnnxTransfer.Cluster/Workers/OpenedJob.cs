using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.Internals;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>A job on this machine: its plan, its images, and its network.</summary>
internal sealed class OpenedJob : IDisposable
{
    private readonly FeatureExtractor _extractor;
    private readonly ImageListFile _list;
    private readonly string _root;

    private OpenedJob(JobSpec spec, SetFolder folder, SetPlan plan, ImageListFile list, string root, FeatureExtractor extractor) =>
        (Spec, Folder, Plan, _list, _root, _extractor) = (spec, folder, plan, list, root, extractor);

    internal JobSpec Spec { get; }

    internal SetFolder Folder { get; }

    internal SetPlan Plan { get; }

    /// <summary>What computes the rows on this machine.</summary>
    internal string Provider => _extractor.Network.Machine;

    /// <summary>The hash of the network and of all that goes into it.</summary>
    internal string Fingerprint => _extractor.Network.Source.Sha256;

    /// <summary>Whether the store is still there. Where a mount was lost, every photo seems to be missing.</summary>
    internal bool IsStoreThere => File.Exists(_list.Path);

    /// <summary>Opens a job.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="store">The store.</param>
    /// <param name="backbone">The network to use here instead of the one that the job names; it must be equal. Null for the job's.</param>
    /// <param name="machine">Where the network runs.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="IOException">The store cannot be read.</exception>
    /// <exception cref="OnnxTransferException">The job cannot be worked on here: the message says why.</exception>
    internal static async Task<OpenedJob> OpenAsync(JobSpec spec, SharedStore store, string? backbone, FeatureExtractorOptions machine, CancellationToken cancellationToken)
    {
        var output = store.Resolve(spec.Output);
        var folder = new SetFolder(output);
        var list = new ImageListFile(ImageListFile.PathIn(output, spec.PlanHash), spec.PartCount);
        if (!Directory.Exists(output) || !File.Exists(list.Path)) throw ClusterErrors.JobFilesNotFound(output);
        if (folder.Plan() is not { } plan || HashOf(plan) != spec.PlanHash) throw ClusterErrors.PlanIsAnother(output);
        var network = backbone ?? (spec.Network.IsInStore ? store.Resolve(spec.Network.Backbone) : spec.Network.Backbone);
        var extractor = await FeatureExtractor.LoadAsync(network, Options(spec.Network, machine), progress: null, cancellationToken).ConfigureAwait(false);
        return new OpenedJob(spec, folder, plan, list, store.Resolve(spec.Root), extractor);
    }

    /// <summary>The options of the job's network on this machine.</summary>
    internal static FeatureExtractorOptions Options(JobNetwork network, FeatureExtractorOptions machine) => machine with
    {
        Layers = network.Layers,
        Pooling = network.Pooling,
        Preset = network.Preset,
        Upsampling = network.Upsampling,
        Decoder = network.DecodesByVips ? VipsDecoder.Instance : null,
        Decode = DecodeOptions.Default with { JpegShrink = network.JpegShrink, Levels = network.Levels, Strict = network.Strict, MaxPixels = network.MaxPixels },
    };

    /// <summary>The hash of a plan.</summary>
    internal static string HashOf(SetPlan plan) => FileHash.Sha256(SetJson.ToBytes(plan, SetJson.Default.SetPlan));

    /// <summary>The part that is there already; null where it must be made.</summary>
    internal SoundPart? Find(int part) => Folder.Check(Plan, part, withNumbers: true, out _);

    internal PlannedPart Read(int part) => new(part, _list.Read(part, _root));

    /// <summary>Makes parts; see <see cref="SetEmbedding.RunAsync"/>.</summary>
    internal Task RunAsync(IAsyncEnumerable<PlannedPart> parts, Action<int, SoundPart> written, CancellationToken cancellationToken) =>
        SetEmbedding.RunAsync(_extractor.Network, Folder, Plan, parts, count: null, written, cancellationToken: cancellationToken);

    /// <summary>Writes the manifest.</summary>
    /// <returns>The parts that are missing or damaged; the manifest is written if there is none.</returns>
    internal IReadOnlyList<int> Close(CancellationToken cancellationToken)
    {
        // Every part was checked by the worker that reported it; here its length and names are.
        var missing = Folder.TryFinish(Plan, _ => true, cancellationToken);
        if (missing.Count == 0) File.Delete(_list.Path);
        return missing;
    }

    /// <summary>The images of the complete set that could not be used.</summary>
    internal long Unusable() => Folder.Manifest() is { } manifest ? manifest.Images - manifest.Rows : 0;

    public void Dispose() => _extractor.Dispose();
}
