using System.Collections.Concurrent;
using OnnxTransfer.Explaining;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Reporting;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Auditing;

namespace OnnxTransfer;

/// <summary>
/// A dataset looked over before training: images that cannot be read, duplicates and near duplicates, leaks between its sets, contradictory
/// and probably wrong labels, outliers, rare classes, and images that are dark, light, blurred, empty or of an odd shape.
/// </summary>
/// <example>
/// <code>
/// DatasetCheck check = await DatasetCheck.RunAsync(extractor, ImageDataset.FromFolder("flower_photos"));
/// foreach (DatasetFinding finding in check.Findings) Console.WriteLine($"{finding.Kind} {finding.Image?.Id}: {finding.Text}");
/// </code>
/// </example>
public sealed class DatasetCheck
{
    private readonly ImageDataset _dataset;
    private readonly FeatureExtractor _extractor;
    private readonly AuditResult _audit;
    private readonly ImageStatistics?[] _statistics;

    private DatasetCheck(FeatureExtractor extractor, ImageDataset dataset, EmbeddingResult embedding, AuditResult audit, ImageStatistics?[] statistics)
    {
        (_extractor, _dataset, Embedding, _audit, _statistics) = (extractor, dataset, embedding, audit, statistics);
        Warnings = TrainingSets.WarningsOf(dataset, embedding);
    }

    /// <summary>
    /// Everything that was found, by kind, in the order of <see cref="FindingKind"/>. An image may have several findings: a duplicate in
    /// another set with another label is a <see cref="FindingKind.Duplicate"/>, a <see cref="FindingKind.Leak"/> and a
    /// <see cref="FindingKind.Contradiction"/>.
    /// </summary>
    public IReadOnlyList<DatasetFinding> Findings => _audit.Findings;

    /// <summary>What could not be checked, and why, each in one sentence; empty if everything was checked.</summary>
    public IReadOnlyList<string> Notes => _audit.Notes;

    /// <summary>The share of labels that a head predicts which did not learn from the image, in [0, 1]; null if the labels were not checked.</summary>
    public double? OutOfFoldAccuracy => _audit.OutOfFoldAccuracy;

    /// <summary>
    /// <c>[N]</c>, what the pixels of each image of <see cref="ImageDataset.Images"/> say about its quality; null for an image that could not be read.
    /// </summary>
    public IReadOnlyList<ImageStatistics?> Statistics => _statistics;

    /// <summary>The feature vectors and how long they took.</summary>
    public EmbeddingResult Embedding { get; }

    /// <summary>What makes images doubtful that were used all the same, such as a damaged file.</summary>
    public IReadOnlyList<ImageWarning> Warnings { get; }

    /// <summary>The files, folders and rows of the source that are not used as images, with reasons.</summary>
    public IReadOnlyList<UnusedFile> Unused => _dataset.Unused;

    /// <summary>
    /// Checks a dataset. Each image is embedded (or its vector read from the cache) and read once more. The memory beside the vectors is about 3 KB for each image; no
    /// matrix of all pairs is made.
    /// </summary>
    /// <param name="extractor">The backbone; it must outlive the result if a report is written.</param>
    /// <param name="images">The images with their classes.</param>
    /// <param name="options">Folds and seed; null for the defaults.</param>
    /// <param name="progress">Receives the work that is done; an image counts three times: embedded, read, compared.</param>
    /// <param name="cancellationToken">Stops the check.</param>
    /// <exception cref="DatasetException">None of the images could be used.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="OperationCanceledException">Canceled before everything was checked.</exception>
    public static async Task<DatasetCheck> RunAsync(
        FeatureExtractor extractor, ImageDataset images, DatasetCheckOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(images);
        options ??= new DatasetCheckOptions();
        var steps = new StepProgress(progress, images.Images.Count, 3);
        var embedding = await extractor.EmbedAsync([.. images.Images.Select(image => image.Image)], options.EmbeddingBatchSize, steps.Step(0), cancellationToken).ConfigureAwait(false);
        if (embedding.Features.RowCount == 0) Throw.NoImageUsable(images.Source, embedding.Skipped[0].Reason);
        return await Task.Run(() => Run(extractor, images, embedding, options, steps, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the findings as one HTML page that needs no network, with small pictures of the images.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void WriteReport(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Report(path, CancellationToken.None);
    }

    /// <summary>Writes the page as <see cref="WriteReport"/> does, on a thread of the pool.</summary>
    /// <param name="path">The <c>.html</c> file to write, whole or not at all; an existing one is replaced.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="WriteReport" path="/exception"/>
    public Task WriteReportAsync(string path, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Report(path, cancellationToken), cancellationToken);
    }

    private static DatasetCheck Run(
        FeatureExtractor extractor, ImageDataset images, EmbeddingResult embedding, DatasetCheckOptions options, StepProgress steps, CancellationToken cancellationToken)
    {
        var samples = Read(extractor.Network.Sampler(), images, embedding, steps.Step(1), cancellationToken);
        var audit = new DatasetAudit(images, embedding, samples).Run(options, steps.Step(2), cancellationToken);
        var statistics = new ImageStatistics?[images.Images.Count];
        for (var row = 0; row < samples.Length; row++) statistics[embedding.Indices[row]] = samples[row]?.Statistics;
        return new DatasetCheck(extractor, images, embedding, audit, statistics);
    }

    private static SampledImage?[] Read(ImageSampler sampler, ImageDataset images, EmbeddingResult embedding, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var samples = new SampledImage?[embedding.Indices.Count];
        var done = 0;
        var work = new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(Partitioner.Create(0, samples.Length, 16), work, range =>
        {
            for (var row = range.Item1; row < range.Item2; row++) samples[row] = sampler.Read(images.Images[embedding.Indices[row]].Image, cancellationToken);
            progress?.Report(new WorkProgress(Interlocked.Add(ref done, range.Item2 - range.Item1), samples.Length));
        });
        return samples;
    }

    private void Report(string path, CancellationToken cancellationToken)
    {
        var network = _extractor.Network;
        var content = new CheckContent(_dataset, Findings, Notes, network.Card.Id, OutOfFoldAccuracy, Embedding.Features.RowCount);
        CheckPage.Of(content, new Thumbnails(network.Options.Decoder, network.Options.Decode)).Write(path, cancellationToken);
    }
}
