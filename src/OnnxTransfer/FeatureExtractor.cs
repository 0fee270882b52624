using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
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
    private FeatureExtractor(ImageNetwork network)
    {
        Network = network;
        Model = ModelInfo.Of(network.Card);
    }

    /// <summary>What is known of the network: its preprocessing, origin and license.</summary>
    public ModelInfo Model { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim => Network.Dim;

    /// <summary>What the network really runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => Network.Provider.Provider;

    /// <summary>Why it runs there and on nothing faster, in one sentence.</summary>
    public string ProviderReason => Network.Provider.Reason;

    /// <summary>The numbers that the network really computes with; never <see cref="NetworkPrecision.Auto"/>.</summary>
    public NetworkPrecision Precision => Network.Precision.Precision;

    /// <summary>Why it computes with them, in one sentence or two.</summary>
    public string PrecisionReason => Network.Precision.Reason;

    /// <summary>
    /// Mean cosine between feature vectors of this precision and of float32, on images that were not used for calibration; 1
    /// is no loss. Null where nothing was compared.
    /// </summary>
    public double? PrecisionSimilarity => Network.Precision.Similarity;

    /// <summary>Images per second in the network over those of float32, measured on this machine when the network was converted; null where nothing was compared.</summary>
    public double? PrecisionSpeedup => Network.Precision.Speedup;

    /// <summary>What gives the vectors.</summary>
    internal ImageNetwork Network { get; }

    internal Backbone Backbone => Network.Backbone;

    internal ModelCard Card => Network.Card;

    /// <summary>Opens a backbone. A model beside the application needs no network; one of the catalog is downloaded and verified on first use.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <exception cref="ModelNotFoundException">There is no such model, or it could not be downloaded.</exception>
    /// <exception cref="InvalidModelException">The file or its card is damaged.</exception>
    /// <exception cref="ProviderUnavailableException">The provider that <paramref name="options"/> names does not work here.</exception>
    /// <exception cref="ModelException">The model has no such layer, nothing says how its images are prepared, or its file may not be read.</exception>
    public static FeatureExtractor Load(string model, FeatureExtractorOptions? options = null) =>
        LoadAsync(model, options).GetAwaiter().GetResult();

    /// <summary>Opens a backbone as <see cref="Load"/> does, without blocking, with progress of a download.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Told of a download's progress.</param>
    /// <param name="cancellationToken">Stops a download, of which what has arrived is kept and continued next time, or a calibration.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static async Task<FeatureExtractor> LoadAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        if (options.Upsampling is { } filter) backbone = backbone with { Card = backbone.Card with { Preprocess = backbone.Card.Preprocess with { Upsampling = filter } } };
        var (tensor, dim) = (backbone.Card.Features.Tensor, backbone.Card.Features.Dim);
        return new FeatureExtractor(await Task.Run(
            () => new ImageNetwork(backbone, tensor, dim, options.ForNetwork(), options.Cache, typeof(FeatureExtractor), cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The feature vector of an image: <c>extractor.Embed("cat.jpg")</c>.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public float[] Embed(ImageInput image) => Network.Embed(image);

    /// <summary>The feature vector of an image, written to memory of the caller's.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="destination">Receives D numbers; what lies behind them stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Dim"/>.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public void Embed(ImageInput image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length < Dim) Throw.DestinationTooShort(nameof(destination), destination.Length, Dim);
        Network.Embed(image, destination[..Dim]);
    }

    /// <summary>The feature vector of an encoded image (JPEG, PNG, WebP, ...) held in memory.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no image that can be decoded.</exception>
    public float[] Embed(ReadOnlySpan<byte> encoded) => Network.Embed(encoded);

    /// <summary>The feature vector of an image, without blocking the caller while it is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public Task<float[]> EmbedAsync(ImageInput image, CancellationToken cancellationToken = default) => Network.EmbedAsync(image, cancellationToken);

    /// <summary>
    /// The feature vector of an encoded image, read from the stream's position to its end: a request's body, a blob. The stream is
    /// never read synchronously and stays open.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The stream holds no image that can be decoded, or more bytes than the limit.</exception>
    public Task<float[]> EmbedAsync(Stream encoded, CancellationToken cancellationToken = default) => Network.EmbedAsync(encoded, cancellationToken);

    /// <summary>The feature vectors of many images. One that cannot be used is listed in the result and the run goes on.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for what suits the provider.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the images in hand.</param>
    /// <returns>One row per usable image, in the order of <paramref name="images"/>.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="ArgumentException">There are more rows than one matrix can hold.</exception>
    public Task<EmbeddingResult> EmbedAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Network.EmbedAsync(images, batchSize, progress, cancellationToken);

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
        return Network.EmbedStreamAsync(images.ToAsyncEnumerable(), batchSize, cancellationToken);
    }

    /// <inheritdoc cref="EmbedStreamAsync(IEnumerable{ImageInput}, int, CancellationToken)"/>
    public IAsyncEnumerable<EmbeddedImage> EmbedStreamAsync(
        IAsyncEnumerable<ImageInput> images, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return Network.EmbedStreamAsync(images, batchSize, cancellationToken);
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
        ThrowIfDisposed();
        return [.. PreprocessingParity.Verify(Network.Options.Decoder), .. FeatureParity.Verify(Card, image => Embed(image))];
    }

    /// <summary>Where the operators of the network really run: a device leaves those that it does not know to the CPU. Opens the network once more and runs one empty image.</summary>
    /// <returns>One entry for each operator on each provider; the most frequent first.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IReadOnlyList<NodeCount> CountNodes() => Network.CountNodes();

    /// <summary>
    /// Closes the network. What is in flight is safe: a run of the network that has begun is waited for, then the memory is freed, and
    /// every call that is not done yet throws an <see cref="ObjectDisposedException"/> at its next run, so that a long
    /// <c>EmbedAsync</c> ends soon. It may be called from any thread, also from a progress handler or the loop over
    /// <c>EmbedStreamAsync</c>, and more than once.
    /// </summary>
    public void Dispose() => Network.Dispose();

    /// <summary>Closes the network as <see cref="Dispose"/> does, without blocking the thread while a run ends.</summary>
    public ValueTask DisposeAsync() => Network.DisposeAsync();

    /// <exception cref="ObjectDisposedException">The extractor is disposed.</exception>
    internal void ThrowIfDisposed() => Network.ThrowIfDisposed();
}
