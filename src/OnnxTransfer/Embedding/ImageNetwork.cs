using System.Diagnostics;
using System.Runtime.CompilerServices;
using OnnxTransfer.Backbones;
using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.Inference;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding;

/// <summary>
/// Computes the rows <c>[N,D]</c> of one tensor of a network from images: features, class scores or a map of activations. Thread-safe.
/// Disposal is safe at any time: it waits for runs that have begun, and all other runs are refused.
/// </summary>
internal sealed class ImageNetwork : IDisposable, IAsyncDisposable
{
    /// <summary>The name of an image that has none.</summary>
    private const string AnImage = "An image";

    private readonly NetworkGraph _graph;
    private readonly NetworkSessions _sessions;
    private readonly ImagePreprocessor _preprocessor;
    // Both are null without a cache.
    private readonly FeatureCache? _cache;
    private readonly CacheSpace? _cacheSpace;
    // How each image is seen; its row is the mean over these views.
    private readonly IReadOnlyList<ImageView> _views;
    private readonly RunGate _runs;
    private readonly ExtractorMeter _meter;

    /// <summary>Opens a backbone up to one of its tensors.</summary>
    /// <param name="backbone">The network.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="dim">D, its length for one image.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="cache">Keeps the rows of many images; null to compute them each time.</param>
    /// <param name="owner">The public type that users dispose, for messages.</param>
    /// <param name="forOne">Whether single images come first; else many at once.</param>
    /// <param name="cancellationToken">Stops a calibration.</param>
    /// <exception cref="ModelException">
    /// The tensor does not exist, the network cannot be loaded, or the requested provider or precision does not work.
    /// </exception>
    internal ImageNetwork(
        Backbone backbone, string tensor, int dim, NetworkOptions options, FeatureCache? cache, Type owner, bool forOne = false, CancellationToken cancellationToken = default)
    {
        _runs = new RunGate(owner);
        _meter = new ExtractorMeter(backbone.Card.Id);
        Options = options;
        _views = ImageView.Of(options.Augment);
        (Backbone, _graph, Precision) = PrecisionChooser.Choose(backbone, tensor, dim, options, cancellationToken);
        _graph = OptimizerCheck.Apply(_graph, Card, Precision.Precision, options.Store.FolderIfAny, options.Session.LongestRun);
        Settings = options.Session with { IsHalf = Precision.Precision == NetworkPrecision.Float16 };
        _preprocessor = new ImagePreprocessor(Card.Preprocess, Card.Input.Layout, options.Decoder, options.Decode);
        _sessions = new NetworkSessions(OpenSession, Settings, forOne, _runs);
        _cache = cache;
        if (cache is not null) _cacheSpace = CacheSpace.Of(_graph, Card, options.Decoder, options.Decode, Provider.Provider);
        Log.NetworkOpened(options.Logger, backbone.Name, Provider.Provider.ToString(), Provider.Reason);
    }

    /// <summary>The network, in the precision that it is run in.</summary>
    internal Backbone Backbone { get; }

    internal ModelCard Card => Backbone.Card;

    internal NetworkOptions Options { get; }

    internal bool HasCache => _cache is not null;

    /// <summary>What the rows depend on besides the image, the decoder and the machine, one fact in each line.</summary>
    internal string Origin => string.Join('\n', [.. CacheSpace.FactsOf(_graph, Card), $"views {Options.Augment}"]);

    /// <summary>What the rows of a feature set depend on besides the images and the machine.</summary>
    internal SetNetwork Source => SetNetwork.Of(Card.Id, Card.Sha256, Dim, [.. CacheSpace.FactsOf(_graph, Card, Options.Decoder, Options.Decode), $"views {Options.Augment}"]);

    /// <summary>What computes the rows on this machine; two machines may differ in the last bits.</summary>
    internal string Machine => CacheSpace.MachineOf(Provider.Provider);

    /// <summary>Where and how the network was asked to run.</summary>
    internal SessionSettings Settings { get; }

    /// <summary>D, the length of one row.</summary>
    internal int Dim => _graph.RowLength;

    /// <summary>The provider that the network runs on, and why.</summary>
    internal ExecutionProviderInfo Provider => _sessions.Opened.Provider;

    /// <summary>The number format that the network computes in, and why.</summary>
    internal NetworkPrecisionInfo Precision { get; }

    /// <summary>
    /// Opens the same network up to another of its tensors, in the precision that was chosen for this one. It has no cache, because
    /// maps are fifty times as large as features and seldom needed twice.
    /// </summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="length">Its length for one image.</param>
    /// <param name="owner">The public type that users dispose, for messages.</param>
    internal ImageNetwork OpenAt(string tensor, int length, Type owner) =>
        new(Backbone, tensor, length, Options with { Precision = NetworkPrecision.Float32, Augment = Augmentation.None }, cache: null, owner);

    /// <summary>Reads images once more, with the same decoder and limits.</summary>
    internal ImageSampler Sampler() => new(Options.Decoder, Options.Decode);

    /// <summary>Reads images once more for their thumbnails, and keeps these in the feature cache. The caller disposes it.</summary>
    internal CachedSamples Samples() => new(Sampler(), _cache);

    /// <summary>Opens the network once more, up to the same tensor. The caller disposes the session, and before this object.</summary>
    internal OnnxSession OpenSession(SessionSettings settings) => new(_graph, settings, _runs);

    /// <summary>The row of an image.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    internal float[] Embed(ImageInput image)
    {
        var row = new float[Dim];
        Embed(image, row);
        return row;
    }

    /// <summary>Writes the row of an image into the caller's memory.</summary>
    /// <param name="image">The image.</param>
    /// <param name="row">Receives D numbers.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">A number of the row is NaN or infinite.</exception>
    internal void Embed(ImageInput image, Span<float> row)
    {
        ArgumentNullException.ThrowIfNull(image);
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        try
        {
            var time = Stopwatch.GetTimestamp();
            using var opened = _preprocessor.Open(image, CancellationToken.None);
            _meter.Book(PipelineStage.Reading, time);
            Warn(image.Id, Embed(opened, row, place: null));
            if (FiniteVector.ProblemOf(row) is { } problem) throw Throw.VectorNotFinite(image.Id, problem);
        }
        catch (ImageDecodeException exception)
        {
            _meter.Skipped();
            if (image.MustName(exception)) throw Throw.ImageNamed(image.Id, exception);
            throw;
        }
    }

    /// <summary>The row of an encoded image held in memory.</summary>
    /// <exception cref="ImageDecodeException">The bytes are not an image that can be decoded.</exception>
    /// <exception cref="ModelException">A number of the row is NaN or infinite.</exception>
    internal float[] Embed(ReadOnlySpan<byte> encoded)
    {
        var row = Embed(encoded, _views);
        return FiniteVector.ProblemOf(row) is { } problem ? throw Throw.VectorNotFinite(AnImage, problem) : row;
    }

    /// <summary>The row of the plain view of an encoded image, whatever the options say.</summary>
    /// <inheritdoc cref="Embed(ReadOnlySpan{byte})"/>
    internal float[] EmbedPlain(ReadOnlySpan<byte> encoded) => Embed(encoded, [ImageView.Plain]);

    private float[] Embed(ReadOnlySpan<byte> encoded, IReadOnlyList<ImageView> views)
    {
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        using var batch = _preprocessor.Rent(views.Count);
        var time = Stopwatch.GetTimestamp();
        try
        {
            IReadOnlyList<string> warnings = [];
            for (var view = 0; view < views.Count; view++) warnings = _preprocessor.Prepare(encoded, batch.ImageMemory(view), view: views[view]);
            Warn(AnImage, warnings);
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

    /// <summary>The row of an image, without blocking the caller while it is read and computed.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">A number of the row is NaN or infinite.</exception>
    internal async Task<float[]> EmbedAsync(ImageInput image, CancellationToken cancellationToken) =>
        (await EmbedOneAsync(image, cancellationToken).ConfigureAwait(false)).Demand();

    /// <summary>The row of an image and what makes it doubtful, or why it has none because the network gave no numbers.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    internal async Task<EmbeddedImage> EmbedOneAsync(ImageInput image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        try
        {
            return await EmbedAsync(image.Id, () => _preprocessor.OpenAsync(image, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (ImageDecodeException exception) when (image.MustName(exception))
        {
            throw Throw.ImageNamed(image.Id, exception);
        }
    }

    /// <summary>The row of an encoded image, read from the stream's position to its end.</summary>
    /// <exception cref="ImageDecodeException">
    /// The stream does not hold an image that can be decoded, or it has more bytes than the limit.
    /// </exception>
    internal async Task<float[]> EmbedAsync(Stream encoded, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        var embedded = await EmbedAsync(
            AnImage, async () => new OpenedImage(await EncodedImage.ReadAsync(encoded, Options.Decode, cancellationToken).ConfigureAwait(false)), cancellationToken).ConfigureAwait(false);
        return embedded.Demand();
    }

    /// <summary>The rows of many images. If an image cannot be used, the result lists it and the run continues.</summary>
    /// <param name="images">The images.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    /// <param name="view">The one view to see the images in; null for the mean over those of the options.</param>
    internal Task<EmbeddingResult> EmbedAsync(
        IReadOnlyList<ImageInput> images, int batchSize, IProgress<WorkProgress>? progress, CancellationToken cancellationToken, ImageView? view = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        // Before the task begins, so that a wrong argument is thrown at once.
        var pipeline = Pipeline(batchSize, images.Count, view);
        return LoggedAsync(images.Count, () => EmbeddingCollector.CollectAsync(pipeline, images, Dim, progress, cancellationToken));
    }

    /// <summary>Writes the rows of any number of images, in memory for the names of bad images alone.</summary>
    /// <param name="images">The images; they are read only as fast as rows are written.</param>
    /// <param name="writer">Receives the rows.</param>
    /// <param name="label">The class of an image by its id; null for none.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    internal Task<EmbeddingRun> WriteAsync(
        IEnumerable<ImageInput> images, FeatureWriter writer, Func<string, string?>? label, int batchSize, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        int? known = images.TryGetNonEnumeratedCount(out var count) ? count : null;
        return RunAsync(images.ToAsyncEnumerable(), known, Write, batchSize, progress, cancellationToken);

        void Write(EmbeddedImage image)
        {
            if (image.Vector is not null) writer.Add(image.Vector, image.Id, label?.Invoke(image.Id));
        }
    }

    /// <summary>Computes the rows of any number of images and hands them on, in memory for the names of bad images alone.</summary>
    /// <param name="images">The images; they are read only as fast as rows are taken.</param>
    /// <param name="count">Their number; null if it is not known.</param>
    /// <param name="take">Receives every image in the order of the list, with its row or the reason why it has none.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    internal Task<EmbeddingRun> RunAsync(
        IAsyncEnumerable<ImageInput> images, int? count, Action<EmbeddedImage> take, int batchSize, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var pipeline = Pipeline(batchSize);
        return LoggedAsync(count, () => EmbeddingCollector.RunAsync(pipeline, images, count, Dim, take, progress, cancellationToken));
    }

    /// <summary>The rows of any number of images, one after the other in memory that does not grow with their number.</summary>
    /// <param name="images">The images; they are read only as fast as the caller takes rows.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    internal IAsyncEnumerable<EmbeddedImage> EmbedStreamAsync(IAsyncEnumerable<ImageInput> images, int batchSize, CancellationToken cancellationToken) =>
        Flatten(Pipeline(batchSize), images, cancellationToken);

    /// <summary>The rows of all images, in order; the first image that cannot be used ends the run.</summary>
    /// <exception cref="ImageDecodeException">An image cannot be read or decoded; the exception names it.</exception>
    /// <exception cref="ModelException">A number of a row is NaN or infinite; the exception names the image.</exception>
    internal async Task<IReadOnlyList<float[]>> EmbedAllAsync(IReadOnlyList<ImageInput> images, CancellationToken cancellationToken)
    {
        // One image needs no pipeline, unless there is a cache to look it up in.
        if (images.Count == 1 && _cacheSpace is null) return [await EmbedAsync(images[0], cancellationToken).ConfigureAwait(false)];
        using var activity = _meter.Begin(images.Count);
        var rows = new List<float[]>(images.Count);
        await foreach (var image in Flatten(Pipeline(0, images.Count), images.ToAsyncEnumerable(), cancellationToken).ConfigureAwait(false))
        {
            rows.Add(image.Demand());
        }

        return rows;
    }

    /// <summary>The row of one image that is prepared already.</summary>
    internal float[] Run(TensorBatch batch)
    {
        var row = new float[Dim];
        Run(batch, row);
        return row;
    }

    /// <summary>Where the operators of the network really run. Opens the network once more and runs one empty image.</summary>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal IReadOnlyList<NodeCount> CountNodes()
    {
        _runs.ThrowIfClosed();
        return NodePlacement.Of(_graph, Settings with { Provider = Provider.Provider });
    }

    /// <exception cref="ObjectDisposedException">The network is closed.</exception>
    internal void ThrowIfDisposed() => _runs.ThrowIfClosed();

    public void Dispose()
    {
        if (_runs.Close()) _sessions.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (await _runs.CloseAsync().ConfigureAwait(false)) _sessions.Dispose();
    }

    private async Task<EmbeddedImage> EmbedAsync(string id, Func<Task<OpenedImage>> open, CancellationToken cancellationToken)
    {
        _runs.ThrowIfClosed();
        using var activity = _meter.Begin(1);
        try
        {
            var time = Stopwatch.GetTimestamp();
            using var opened = await open().ConfigureAwait(false);
            _meter.Book(PipelineStage.Reading, time);
            using var place = await _preprocessor.AdmitAsync(opened, cancellationToken).ConfigureAwait(false);
            var row = new float[Dim];
            var warnings = await Task.Run(() => Embed(opened, row, place, cancellationToken), cancellationToken).ConfigureAwait(false);
            Warn(id, warnings);
            return FiniteVector.ProblemOf(row) is { } problem ? new EmbeddedImage(0, id, null, problem) { IsNotFinite = true } : new EmbeddedImage(0, id, row, null) { Warnings = warnings };
        }
        catch (ImageDecodeException)
        {
            _meter.Skipped();
            throw;
        }
    }

    /// <param name="image">The image.</param>
    /// <param name="row">Receives D numbers.</param>
    /// <param name="place">The image's place among those that are decoded; null to wait for one.</param>
    /// <param name="cancellationToken">Ends a run that does not end soon by itself.</param>
    /// <returns>What makes the image doubtful.</returns>
    private IReadOnlyList<string> Embed(in OpenedImage image, Span<float> row, MemoryGate.Entry? place, CancellationToken cancellationToken = default)
    {
        using var batch = _preprocessor.Rent(_views.Count);
        var time = Stopwatch.GetTimestamp();
        // The place is left with the first decode; the other views wait for one of their own.
        var warnings = _preprocessor.Prepare(image, batch.ImageMemory(0), place, _views[0], cancellationToken);
        for (var view = 1; view < _views.Count; view++) _preprocessor.Prepare(image, batch.ImageMemory(view), view: _views[view], cancellationToken: cancellationToken);
        RunPrepared(batch, row, time, cancellationToken);
        return warnings;
    }

    private void Warn(string id, IReadOnlyList<string> warnings)
    {
        foreach (var warning in warnings) Log.ImageDoubtful(Options.Logger, id, warning);
    }

    /// <summary>Runs the network on the views of one image whose preparation began at a timestamp, and counts it.</summary>
    private void RunPrepared(TensorBatch batch, Span<float> row, long start, CancellationToken cancellationToken = default)
    {
        var time = _meter.Book(PipelineStage.Preparing, start);
        Run(batch, row, cancellationToken);
        _meter.Book(PipelineStage.Running, time);
        _meter.Embedded();
    }

    private void Run(TensorBatch batch, Span<float> row, CancellationToken cancellationToken = default)
    {
        _runs.ThrowIfClosed();
        if (batch.Count == 1) _sessions.ForOne.Run(batch.Memory, 1, row, cancellationToken: cancellationToken);
        else ViewMean.Of(_sessions.ForOne.Run(batch.Memory, batch.Count, size: 1, cancellationToken)).CopyTo(row);
    }

    private async Task<TRun> LoggedAsync<TRun>(int? count, Func<Task<TRun>> run)
        where TRun : EmbeddingRun
    {
        using var activity = _meter.Begin(count);
        var result = await run().ConfigureAwait(false);
        foreach (var image in result.Skipped) Log.ImageSkipped(Options.Logger, image.Id, image.Reason);
        foreach (var warning in result.Warnings) Log.ImageDoubtful(Options.Logger, warning.Id, warning.Text);
        Log.Embedded(Options.Logger, result.RowCount, result.Elapsed.TotalSeconds, result.Skipped.Count);
        return result;
    }

    private static async IAsyncEnumerable<EmbeddedImage> Flatten(
        EmbeddingPipeline pipeline, IAsyncEnumerable<ImageInput> images, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in pipeline.RunAsync(images, cancellationToken).ConfigureAwait(false))
        {
            foreach (var image in batch.Images) yield return image;
        }
    }

    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="count">The number of images; null if it is not known.</param>
    /// <param name="view">The one view to see the images in; null for the mean over those of the options.</param>
    private EmbeddingPipeline Pipeline(int batchSize, int? count = null, ImageView? view = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batchSize);
        _runs.ThrowIfClosed();
        var session = _sessions.For(count ?? int.MaxValue);
        var shape = PipelineShape.For(session.Provider.Provider, Options.Session.Threads, batchSize, session.FixedBatch);
        var views = view is { } one ? [one] : _views;
        // At least one image in all its views.
        var largest = Math.Max(views.Count, shape.IsPadded ? shape.BatchSize : (int)Math.Min(shape.BatchSize, (count ?? int.MaxValue) * (long)views.Count));
        TensorBatch.CheckSize(largest, Card.Input.Width, Card.Input.Height);
        return new EmbeddingPipeline(session, _preprocessor, shape, _meter, _cacheSpace is null ? null : () => _cache!.Open(_cacheSpace), views);
    }
}
