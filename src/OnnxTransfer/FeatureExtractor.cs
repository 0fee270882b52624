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

    /// <summary>The known facts about the network: its preprocessing, origin and license.</summary>
    public ModelInfo Model { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim => Network.Dim;

    /// <summary>The provider that the network runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => Network.Provider.Provider;

    /// <summary>Why the network runs there and not on a faster provider, in one sentence.</summary>
    public string ProviderReason => Network.Provider.Reason;

    /// <summary>The number format that the network computes in; never <see cref="NetworkPrecision.Auto"/>.</summary>
    public NetworkPrecision Precision => Network.Precision.Precision;

    /// <summary>Why the network computes in this format, in one or two sentences.</summary>
    public string PrecisionReason => Network.Precision.Reason;

    /// <summary>
    /// Mean cosine between feature vectors of this precision and of float32, on images that were not used for calibration; 1 is no
    /// loss. Null if nothing was compared.
    /// </summary>
    public double? PrecisionSimilarity => Network.Precision.Similarity;

    /// <summary>
    /// The network's images per second divided by those of float32, measured on this machine when the network was converted; null if
    /// nothing was compared.
    /// </summary>
    public double? PrecisionSpeedup => Network.Precision.Speedup;

    /// <summary>The source of the vectors.</summary>
    internal ImageNetwork Network { get; }

    internal Backbone Backbone => Network.Backbone;

    internal ModelCard Card => Network.Card;

    /// <summary>
    /// Opens a backbone. A model beside the application needs no download. A model of the catalog is downloaded and verified at its
    /// first use.
    /// </summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <exception cref="ModelNotFoundException">There is no such model, or it could not be downloaded.</exception>
    /// <exception cref="InvalidModelException">The file or its card is damaged.</exception>
    /// <exception cref="ProviderUnavailableException">The provider that <paramref name="options"/> names does not work here.</exception>
    /// <exception cref="ModelException">
    /// The model has no such layer, its preprocessing is not known, or its file may not be read.
    /// </exception>
    public static FeatureExtractor Load(string model, FeatureExtractorOptions? options = null) =>
        LoadAsync(model, options).GetAwaiter().GetResult();

    /// <summary>Opens a backbone as <see cref="Load"/> does, without blocking, with progress of a download.</summary>
    /// <param name="model">The id of a model beside the application or of the catalog, such as <c>resnet18</c>; the path of an <c>.onnx</c> file or of a folder of Hugging Face or timm; or <c>hf:owner/name[@revision][/file]</c>.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Receives the progress of a download.</param>
    /// <param name="cancellationToken">Stops a download or a calibration. The next call continues the download.</param>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static async Task<FeatureExtractor> LoadAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        backbone = options.WithUpsampling(backbone);
        var (tensor, dim) = (backbone.Card.Features.Tensor, backbone.Card.Features.Dim);
        return new FeatureExtractor(await Task.Run(
            () => new ImageNetwork(backbone, tensor, dim, options.ForNetwork(), options.Cache, typeof(FeatureExtractor), cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The feature vector of an image: <c>extractor.Embed("cat.jpg")</c>.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public float[] Embed(ImageInput image) => Network.Embed(image);

    /// <summary>Writes the feature vector of an image into the caller's memory.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="destination">Receives D numbers; the rest of the span stays as it is.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is shorter than <see cref="Dim"/>.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public void Embed(ImageInput image, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (destination.Length < Dim) Throw.DestinationTooShort(nameof(destination), destination.Length, Dim);
        Network.Embed(image, destination[..Dim]);
    }

    /// <summary>The feature vector of an encoded image (JPEG, PNG, WebP, ...) held in memory.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The bytes are not an image that can be decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public float[] Embed(ReadOnlySpan<byte> encoded) => Network.Embed(encoded);

    /// <summary>The feature vector of an image, without blocking the caller while it is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Task<float[]> EmbedAsync(ImageInput image, CancellationToken cancellationToken = default) => Network.EmbedAsync(image, cancellationToken);

    /// <summary>
    /// The feature vector of an encoded image, read from the stream's position to its end: a request's body, a blob. The stream is
    /// never read synchronously and stays open.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">
    /// The stream does not hold an image that can be decoded, or it has more bytes than the limit.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Task<float[]> EmbedAsync(Stream encoded, CancellationToken cancellationToken = default) => Network.EmbedAsync(encoded, cancellationToken);

    /// <summary>The feature vectors of many images. If an image cannot be used, the result lists it and the run continues.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    /// <returns>One row per usable image, in the order of <paramref name="images"/>.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="ArgumentException">There are more rows than one matrix can hold.</exception>
    public Task<EmbeddingResult> EmbedAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Network.EmbedAsync(images, batchSize, progress, cancellationToken);

    /// <summary>
    /// Writes the feature vectors of any number of images to a file, in memory for the names alone. An image that cannot be used is in the
    /// result and not in the file. The call does not complete the writer: see <see cref="FeatureWriter.Complete"/>.
    /// </summary>
    /// <param name="writer">The file; its D is <see cref="Dim"/>.</param>
    /// <param name="images">The images; they are read only as fast as vectors are written.</param>
    /// <param name="label">The class of an image by its <see cref="ImageInput.Id"/>, for the file; null for none.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    /// <exception cref="ArgumentException">The writer has another D.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public Task<EmbeddingRun> EmbedToAsync(
        FeatureWriter writer, IEnumerable<ImageInput> images, Func<string, string?>? label = null, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(images);
        if (writer.Dim != Dim) Throw.RowHasWrongLength(Dim, writer.Dim);
        return Network.WriteAsync(images, writer, label, batchSize, progress, cancellationToken);
    }

    /// <summary>
    /// The feature vectors of any number of images, one after the other. The memory does not grow with the number of images. An image
    /// that cannot be used comes with the reason. Leaving the loop stops the run.
    /// </summary>
    /// <param name="images">The images; they are read only as fast as the caller takes vectors.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    /// <returns>
    /// Every image, in the order of <paramref name="images"/>: its vector of D numbers, or why the image could not be used.
    /// </returns>
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
    /// Checks that this machine gives the published numbers of the backbone: decodes, resizes and embeds tiny images that the library
    /// carries, and compares the results with those of Pillow, OpenCV, TensorFlow's formula and PyTorch.
    /// </summary>
    /// <returns>
    /// Every comparison, with its difference, its tolerance and its verdict (<see cref="ParityResult.Passed"/>): the comparisons of the
    /// decoder and the resizes, and, if <see cref="ModelInfo.HasReferenceVectors"/>, those of the feature vectors.
    /// </returns>
    /// <exception cref="ImageDecodeException">The decoder does not read the images at all.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IReadOnlyList<ParityResult> VerifyParity()
    {
        ThrowIfDisposed();
        return [.. PreprocessingParity.Verify(Network.Options.Decoder), .. FeatureParity.Verify(Card, image => Network.EmbedPlain(image))];
    }

    /// <summary>
    /// Where the operators of the network run: operators that a device does not support run on the CPU. The call opens the network once
    /// more and runs one empty image.
    /// </summary>
    /// <returns>One entry for each operator on each provider; the most frequent first.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IReadOnlyList<NodeCount> CountNodes() => Network.CountNodes();

    /// <summary>
    /// Closes the network. This is safe during other calls: the method waits for a run of the network that has begun, then frees the
    /// memory. Every unfinished call throws an <see cref="ObjectDisposedException"/> at its next run, so a long <c>EmbedAsync</c> ends
    /// soon. Any thread may call the method, also a progress handler or the loop over <c>EmbedStreamAsync</c>, and more than once.
    /// </summary>
    public void Dispose() => Network.Dispose();

    /// <summary>Closes the network as <see cref="Dispose"/> does, without blocking the thread.</summary>
    public ValueTask DisposeAsync() => Network.DisposeAsync();

    /// <exception cref="ObjectDisposedException">The extractor is disposed.</exception>
    internal void ThrowIfDisposed() => Network.ThrowIfDisposed();
}
