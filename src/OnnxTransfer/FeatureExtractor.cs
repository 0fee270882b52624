using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OnnxTransfer.Backbones;
using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using OnnxTransfer.Features;
using OnnxTransfer.Features.Caching;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer;

/// <summary>
/// A pretrained network that turns an image into one feature vector: 1280 numbers from MobileNetV2, 2048 from ResNet or
/// Inception v3. Thread-safe; one instance serves a whole process.
/// </summary>
/// <example>
/// <code>
/// using var extractor = FeatureExtractor.Load("mobilenet-v2");
/// float[] vector = extractor.Embed("cat.jpg");
/// </code>
/// </example>
public sealed partial class FeatureExtractor : IDisposable, IAsyncDisposable
{
    private readonly NetworkSessions _sessions;
    private readonly TensorFiller _filler;
    private readonly FeatureExtractorOptions _options;
    private readonly NetworkPrecisionInfo _precision;
    private readonly ILogger _logger;
    private readonly string _tensor;
    private readonly int _dim;
    // Null without a cache.
    private readonly CacheSpace? _cacheSpace;
    private readonly RunGate _runs;
    private readonly ExtractorMeter _meter;

    /// <summary>Opens the network up to one of its tensors.</summary>
    /// <param name="backbone">The network.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="dim">D, its length for one image.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="forOne">Whether single images come first; else many at once.</param>
    /// <param name="owner">The public type that users dispose, for messages; null for this one.</param>
    /// <param name="cancellationToken">Stops a calibration.</param>
    internal FeatureExtractor(
        Backbone backbone, string tensor, int dim, FeatureExtractorOptions options, bool forOne = false, Type? owner = null,
        CancellationToken cancellationToken = default)
    {
        _runs = new RunGate(owner ?? typeof(FeatureExtractor));
        Model = ModelInfo.Of(backbone.Card);
        _meter = new ExtractorMeter(Model.Id);
        _options = options;
        _logger = options.Logger ?? NullLogger.Instance;
        (_tensor, _dim) = (tensor, dim);
        var decoder = options.Decoder ?? ImageDecoders.Default;
        var store = options.Store ?? new ModelStore();
        var settings = options.ForSession(store);
        var wanted = new PrecisionRequest(options.Precision, options.CalibrationImages, settings with { CaptureGraph = false }, decoder, options.Decode, store);
        // A classifier trained on these features is saved with the network that made them.
        (Backbone, _precision) = PrecisionChooser.Choose(backbone, tensor, dim, wanted, cancellationToken);
        Settings = settings with { IsHalf = _precision.Precision == NetworkPrecision.Float16 };
        _sessions = new NetworkSessions(OpenSession, Settings, forOne, _runs);
        _filler = new TensorFiller(backbone.Card, decoder, options.Decode);
        if (options.Cache is not null) _cacheSpace = CacheSpace.Of(Backbone.GraphFor(tensor, dim), tensor, dim, backbone.Card, decoder, options.Decode, Provider);
        Log.NetworkOpened(_logger, backbone.Name, Provider.ToString(), ProviderReason);
    }

    /// <summary>What is known of the network: its preprocessing, origin and licence.</summary>
    public ModelInfo Model { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim => _sessions.Opened.RowLength;

    /// <summary>What the network really runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => _sessions.Opened.Provider.Provider;

    /// <summary>Why it runs there and on nothing faster, in one sentence.</summary>
    public string ProviderReason => _sessions.Opened.Provider.Reason;

    /// <summary>The numbers that the network really computes with; never <see cref="NetworkPrecision.Auto"/>.</summary>
    public NetworkPrecision Precision => _precision.Precision;

    /// <summary>Why it computes with them, in one sentence or two.</summary>
    public string PrecisionReason => _precision.Reason;

    /// <summary>
    /// Mean cosine between feature vectors of this precision and of float32, on images that were not used for calibration; 1
    /// is no loss. Null where nothing was compared.
    /// </summary>
    public double? PrecisionSimilarity => _precision.Similarity;

    /// <summary>Images per second in the network over those of float32, measured on this machine when the network was converted; null where nothing was compared.</summary>
    public double? PrecisionSpeedup => _precision.Speedup;

    internal Backbone Backbone { get; }

    internal FeatureExtractorOptions Options => _options;

    /// <summary>Where and how the network was asked to run.</summary>
    internal SessionSettings Settings { get; }

    internal ModelCard Card => Backbone.Card;

    /// <summary>Opens a backbone. A model beside the application needs no network; one of the catalogue is downloaded and verified on first use.</summary>
    /// <param name="model">The id of a model beside the application or of the catalogue, such as <c>resnet18</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <exception cref="ModelException">No such model or layer, the download failed, the file is damaged, or the provider does not work.</exception>
    public static FeatureExtractor Load(string model, FeatureExtractorOptions? options = null) =>
        LoadAsync(model, options).GetAwaiter().GetResult();

    /// <summary>Opens a backbone as <see cref="Load"/> does, without blocking, with progress of a download.</summary>
    /// <param name="model">The id of a model beside the application or of the catalogue, such as <c>resnet18</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Told of a download's progress.</param>
    /// <param name="cancellationToken">Stops a download, of which what has arrived is kept and continued next time, or a calibration.</param>
    /// <exception cref="ModelException">No such model or layer, the download failed, the file is damaged, or the provider does not work.</exception>
    public static async Task<FeatureExtractor> LoadAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        if (options.Upsampling is { } filter) backbone = backbone with { Card = backbone.Card with { Preprocess = backbone.Card.Preprocess with { Upsampling = filter } } };
        return await Task.Run(
            () => new FeatureExtractor(backbone, backbone.Card.Features.Tensor, backbone.Card.Features.Dim, options, cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The feature vector of an image: <c>extractor.Embed("cat.jpg")</c>.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public float[] Embed(ImageInput image)
    {
        var row = new float[Dim];
        Embed(image, row);
        return row;
    }

    /// <summary>The feature vector of an image, written to memory of the caller's.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="destination">Receives D numbers; what lies behind them stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Dim"/>.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public void Embed(ImageInput image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length < Dim) Throw.DestinationTooShort(nameof(destination), destination.Length, Dim);
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        try
        {
            var time = Stopwatch.GetTimestamp();
            using var opened = _filler.Open(image, CancellationToken.None);
            _meter.Book(PipelineStage.Reading, time);
            Warn(image.Id, Embed(opened, destination[..Dim]));
        }
        catch (ImageDecodeException exception)
        {
            _meter.Skipped();
            if (image.MustName(exception)) throw Throw.ImageNamed(image.Id, exception);
            throw;
        }
    }

    /// <summary>The feature vector of an encoded image (JPEG, PNG, WebP, ...) held in memory.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no image that can be decoded.</exception>
    public float[] Embed(ReadOnlySpan<byte> encoded)
    {
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        using var batch = _filler.Rent(1);
        var time = Stopwatch.GetTimestamp();
        try
        {
            Warn("An image", _filler.Fill(encoded, batch.Memory));
        }
        catch (ImageDecodeException)
        {
            _meter.Skipped();
            throw;
        }

        var row = new float[Dim];
        RunPrepared(batch, row, time);
        return row;
    }

    /// <summary>The feature vector of an image, without blocking the caller while it is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public async Task<float[]> EmbedAsync(ImageInput image, CancellationToken cancellationToken = default) =>
        (await EmbedOneAsync(image, cancellationToken).ConfigureAwait(false)).Vector!;

    /// <summary>The feature vector of an image, and what makes it doubtful.</summary>
    /// <inheritdoc cref="EmbedAsync(ImageInput, CancellationToken)"/>
    internal async Task<EmbeddedImage> EmbedOneAsync(ImageInput image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        try
        {
            var time = Stopwatch.GetTimestamp();
            using var opened = await _filler.OpenAsync(image, cancellationToken).ConfigureAwait(false);
            _meter.Book(PipelineStage.Reading, time);
            var (row, warnings) = await EmbedAsync(opened, cancellationToken).ConfigureAwait(false);
            Warn(image.Id, warnings);
            return new EmbeddedImage(0, image.Id, row, null) { Warnings = warnings };
        }
        catch (ImageDecodeException exception)
        {
            _meter.Skipped();
            if (image.MustName(exception)) throw Throw.ImageNamed(image.Id, exception);
            throw;
        }
    }

    /// <summary>
    /// The feature vector of an encoded image, read from the stream's position to its end: a request's body, a blob. The stream is
    /// never read synchronously and stays open.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The stream holds no image that can be decoded, or more bytes than the limit.</exception>
    public async Task<float[]> EmbedAsync(Stream encoded, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        try
        {
            var time = Stopwatch.GetTimestamp();
            using var opened = new OpenedImage(await EncodedImage.ReadAsync(encoded, _options.Decode, cancellationToken).ConfigureAwait(false));
            _meter.Book(PipelineStage.Reading, time);
            var (row, warnings) = await EmbedAsync(opened, cancellationToken).ConfigureAwait(false);
            Warn("An image", warnings);
            return row;
        }
        catch (ImageDecodeException)
        {
            _meter.Skipped();
            throw;
        }
    }

    /// <summary>The feature vectors of many images. One that cannot be used is listed in the result and the run goes on.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for what suits the provider.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the images in hand.</param>
    /// <returns>One row per usable image, in the order of <paramref name="images"/>.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="ArgumentException">There are more rows than one matrix can hold.</exception>
    public Task<EmbeddingResult> EmbedAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var pipeline = Pipeline(batchSize, images.Count);
        return LoggedAsync(images.Count, () => EmbeddingCollector.CollectAsync(pipeline, images, Dim, progress, cancellationToken));
    }

    /// <summary>
    /// The feature vectors of any number of images, one after the other in memory that does not grow with their number. One that
    /// cannot be used comes with its reason. Leaving the loop stops the run.
    /// </summary>
    /// <param name="images">The images; read from as far as vectors are taken.</param>
    /// <param name="batchSize">Images per run of the network; 0 for what suits the provider.</param>
    /// <param name="cancellationToken">Stops the run after the images in hand.</param>
    /// <returns>Every image, in the order of <paramref name="images"/>: its vector, D numbers, or why it could not be used.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IAsyncEnumerable<EmbeddedImage> EmbedStreamAsync(
        IEnumerable<ImageInput> images, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Flatten(Pipeline(batchSize), images.ToAsyncEnumerable(), cancellationToken);
    }

    /// <inheritdoc cref="EmbedStreamAsync(IEnumerable{ImageInput}, int, CancellationToken)"/>
    public IAsyncEnumerable<EmbeddedImage> EmbedStreamAsync(
        IAsyncEnumerable<ImageInput> images, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Flatten(Pipeline(batchSize), images, cancellationToken);
    }

    /// <summary>
    /// Proves that this machine gives the numbers that the backbone was published with: decodes, resizes and embeds tiny images
    /// that the library carries and compares with what Pillow, OpenCV, TensorFlow's formula and PyTorch make of them.
    /// </summary>
    /// <returns>
    /// Every comparison, with its difference, its tolerance and its verdict (<see cref="ParityResult.Passed"/>): those of decoder
    /// and resizes, and, where <see cref="ModelInfo.HasReferenceVectors"/>, those of the feature vectors.
    /// </returns>
    /// <exception cref="ImageDecodeException">The decoder does not read the images at all.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IReadOnlyList<ParityResult> VerifyParity()
    {
        _runs.ThrowIfClosed();
        return [.. PreprocessingParity.Verify(_options.Decoder ?? ImageDecoders.Default), .. FeatureParity.Verify(Card, image => Embed(image))];
    }

    /// <summary>Where the operators of the network really run: a device leaves those that it does not know to the CPU. Opens the network once more and runs one empty image.</summary>
    /// <returns>One entry for each operator on each provider; the most frequent first.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IReadOnlyList<NodeCount> CountNodes()
    {
        _runs.ThrowIfClosed();
        return NodePlacement.Of(Backbone.GraphFor(_tensor, Dim), Backbone.Name, Card.Input.ImageShape, Settings with { Provider = Provider });
    }

    /// <summary>
    /// Closes the network. What is in flight is safe: a run of the network that has begun is waited for, then the memory is freed, and
    /// every call that is not done yet throws an <see cref="ObjectDisposedException"/> at its next run, so that a long
    /// <c>EmbedAsync</c> ends soon. It may be called from any thread, also from a progress handler or the loop over
    /// <c>EmbedStreamAsync</c>, and more than once.
    /// </summary>
    public void Dispose()
    {
        if (_runs.Close()) _sessions.Dispose();
    }

    /// <summary>Closes the network as <see cref="Dispose"/> does, without blocking the thread while a run ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (await _runs.CloseAsync().ConfigureAwait(false)) _sessions.Dispose();
    }

    /// <exception cref="ObjectDisposedException">The extractor is disposed.</exception>
    internal void ThrowIfDisposed() => _runs.ThrowIfClosed();

    /// <summary>Opens the network once more, up to the same tensor. The caller disposes the session, and before the extractor.</summary>
    internal OnnxSession OpenSession(SessionSettings settings) =>
        new(Backbone.GraphFor(_tensor, _dim), Backbone.Name, Card.Input.Tensor, Card.Input.ImageShape, _tensor, _dim, settings, _runs);

    /// <summary>The feature vector of one image that is prepared already.</summary>
    internal float[] Run(TensorBatch batch)
    {
        var row = new float[Dim];
        Run(batch, row);
        return row;
    }

    private void Run(TensorBatch batch, Span<float> row)
    {
        _runs.ThrowIfClosed();
        _sessions.ForOne.Run(batch.Memory, 1, row);
    }

    private async Task<(float[] Row, IReadOnlyList<string> Warnings)> EmbedAsync(OpenedImage image, CancellationToken cancellationToken)
    {
        using var place = await _filler.AdmitAsync(image, cancellationToken).ConfigureAwait(false);
        return await Task.Run(
            () =>
            {
                var row = new float[Dim];
                return (row, Embed(image, row, place));
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <param name="image">The image.</param>
    /// <param name="row">Receives D numbers.</param>
    /// <param name="place">The image's place among those that are decoded; null to wait for one.</param>
    /// <returns>What makes the image doubtful.</returns>
    private IReadOnlyList<string> Embed(in OpenedImage image, Span<float> row, MemoryGate.Entry? place = null)
    {
        using var batch = _filler.Rent(1);
        var time = Stopwatch.GetTimestamp();
        var warnings = _filler.Fill(image, batch.Memory, place);
        RunPrepared(batch, row, time);
        return warnings;
    }

    private void Warn(string id, IReadOnlyList<string> warnings)
    {
        foreach (var warning in warnings) Log.ImageDoubtful(_logger, id, warning);
    }

    /// <summary>Runs the network on one image whose preparation began at a timestamp, and counts it.</summary>
    private void RunPrepared(TensorBatch batch, Span<float> row, long start)
    {
        var time = _meter.Book(PipelineStage.Preparing, start);
        Run(batch, row);
        _meter.Book(PipelineStage.Running, time);
        _meter.Embedded();
    }

    private static async IAsyncEnumerable<EmbeddedImage> Flatten(
        EmbeddingPipeline pipeline, IAsyncEnumerable<ImageInput> images, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in pipeline.RunAsync(images, cancellationToken).ConfigureAwait(false))
        {
            foreach (var image in batch.Images) yield return image;
        }
    }

    /// <param name="batchSize">Images per run of the network; 0 for what suits the provider.</param>
    /// <param name="count">How many images there will be; null where nobody knows.</param>
    private EmbeddingPipeline Pipeline(int batchSize, int? count = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batchSize);
        _runs.ThrowIfClosed();
        var session = _sessions.For(count ?? int.MaxValue);
        var shape = PipelineShape.For(session.Provider.Provider, _options.Threads, batchSize, session.FixedBatch);
        if (shape.IsPadded) TensorBatch.CheckSize(shape.BatchSize, Card.Input.Width, Card.Input.Height);
        return new EmbeddingPipeline(
            session, _filler, shape, _meter,
            _cacheSpace is null ? null : () => _options.Cache!.Open(_cacheSpace));
    }

    private async Task<EmbeddingResult> LoggedAsync(int count, Func<Task<EmbeddingResult>> run)
    {
        using var activity = _meter.Begin(count);
        var result = await run().ConfigureAwait(false);
        foreach (var image in result.Skipped) Log.ImageSkipped(_logger, image.Id, image.Reason);
        foreach (var warning in result.Warnings) Log.ImageDoubtful(_logger, warning.Id, warning.Text);
        Log.Embedded(_logger, result.Features.RowCount, result.Elapsed.TotalSeconds, result.Skipped.Count);
        return result;
    }
}
