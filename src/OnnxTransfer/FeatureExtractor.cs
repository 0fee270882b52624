using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Features;
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
public sealed class FeatureExtractor : IDisposable
{
    private readonly OnnxSession _session;
    private readonly EmbeddingPipeline _pipeline;
    private readonly FeatureExtractorOptions _options;
    private readonly ILogger _logger;
    private bool _disposed;

    /// <summary>Opens the network up to one of its tensors.</summary>
    internal FeatureExtractor(Backbone backbone, string tensor, int dim, FeatureExtractorOptions options)
    {
        Backbone = backbone;
        Model = ModelInfo.Of(backbone.Card);
        _options = options;
        _logger = options.Logger ?? NullLogger.Instance;
        var input = backbone.Card.Input;
        long[] imageShape = input.Layout == TensorLayout.Nchw ? [3, input.Height, input.Width] : [input.Height, input.Width, 3];
        _session = new OnnxSession(backbone.GraphFor(tensor, dim), backbone.Name, input.Tensor, imageShape, tensor, dim, options.Provider, options.Threads);
        _pipeline = new EmbeddingPipeline(_session, backbone.Card, options.Decoder ?? ImageDecoders.Default, options.Decode, options.Threads);
        Log.NetworkOpened(_logger, backbone.Name, Provider.ToString(), ProviderReason);
    }

    /// <summary>What is known of the network: its preprocessing, origin and licence.</summary>
    public ModelInfo Model { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim => _session.RowLength;

    /// <summary>What the network really runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => _session.Provider.Provider;

    /// <summary>Why it runs there and on nothing faster, in one sentence.</summary>
    public string ProviderReason => _session.Provider.Reason;

    internal Backbone Backbone { get; }

    internal ModelCard Card => Backbone.Card;

    /// <summary>Opens a backbone; one from the catalogue is downloaded and verified on first use.</summary>
    /// <param name="model">A catalogue id such as <c>mobilenet-v2</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <exception cref="ModelException">No such model or layer, the download failed, the file is damaged, or the provider does not work.</exception>
    public static FeatureExtractor Load(string model, FeatureExtractorOptions? options = null) =>
        LoadAsync(model, options).GetAwaiter().GetResult();

    /// <summary>Opens a backbone as <see cref="Load"/> does, without blocking, with progress of a download.</summary>
    /// <param name="model">A catalogue id such as <c>mobilenet-v2</c>, or the path of an <c>.onnx</c> file.</param>
    /// <param name="options">Layers, provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Told of a download's progress.</param>
    /// <param name="cancellationToken">Stops a download; what has arrived is kept and continued next time.</param>
    /// <exception cref="ModelException">No such model or layer, the download failed, the file is damaged, or the provider does not work.</exception>
    public static async Task<FeatureExtractor> LoadAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        return new FeatureExtractor(backbone, backbone.Card.Features.Tensor, backbone.Card.Features.Dim, options);
    }

    /// <summary>The feature vector of an image file.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The file is no image that can be decoded.</exception>
    public float[] Embed(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _pipeline.Run(path);
    }

    /// <summary>The feature vector of an encoded image (JPEG, PNG, WebP, ...) held in memory.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no image that can be decoded.</exception>
    public float[] Embed(ReadOnlySpan<byte> encoded)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _pipeline.Run(encoded);
    }

    /// <summary>The feature vector of an encoded image, read from the stream's position to its end.</summary>
    /// <returns>D numbers.</returns>
    /// <exception cref="ImageDecodeException">The stream holds no image that can be decoded.</exception>
    public float[] Embed(Stream encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        using var memory = new MemoryStream();
        encoded.CopyTo(memory);
        return Embed(memory.GetBuffer().AsSpan(0, (int)memory.Length));
    }

    /// <summary>The feature vector of pixels that are decoded already.</summary>
    /// <returns>D numbers.</returns>
    public float[] Embed(PixelBuffer pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _pipeline.Run(pixels);
    }

#if SKIASHARP
    /// <summary>The feature vector of a SkiaSharp bitmap of any colour type; transparent pixels are composited over the background.</summary>
    /// <returns>D numbers.</returns>
    public float[] Embed(SkiaSharp.SKBitmap bitmap)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        using var pixels = SkiaImageDecoder.ToPixels(bitmap, _options.Decode);
        return Embed(pixels);
    }
#endif

    /// <summary>The feature vectors of many image files. One that cannot be decoded is listed in the result and the run goes on.</summary>
    /// <param name="paths">Image files.</param>
    /// <param name="batchSize">Images per run of the network.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancellationToken">Stops after the batch in hand.</param>
    /// <returns>One row per usable image, in the order of <paramref name="paths"/>.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public Task<EmbeddingResult> EmbedAsync(
        IReadOnlyList<string> paths, int batchSize = 32, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Task.Run(() => Logged(_pipeline.Run(paths, batchSize, progress, cancellationToken)), cancellationToken);
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
        ObjectDisposedException.ThrowIf(_disposed, this);
        return [.. PreprocessingParity.Verify(_options.Decoder ?? ImageDecoders.Default), .. FeatureParity.Verify(Card, image => Embed(image))];
    }

    /// <summary>Closes the network.</summary>
    public void Dispose()
    {
        _disposed = true;
        _session.Dispose();
    }

    /// <summary>The feature vector of one image that is prepared already.</summary>
    internal float[] Run(TensorBatch batch)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _pipeline.Row(batch);
    }

    private EmbeddingResult Logged(EmbeddingResult result)
    {
        foreach (var image in result.Skipped) Log.ImageSkipped(_logger, image.Path, image.Reason);
        Log.Embedded(_logger, result.Features.RowCount, result.Elapsed.TotalSeconds, result.Skipped.Count);
        return result;
    }
}
