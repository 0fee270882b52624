using OnnxTransfer.Data;
using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>From an image to its place in an input tensor: decode, resize, crop, normalise, layout. Thread-safe.</summary>
internal static class ImagePreprocessor
{
    [ThreadStatic]
    private static PreprocessingSink? t_sink;

    /// <summary>Prepares decoded pixels.</summary>
    /// <param name="pixels">The decoded image <c>[H,W,3]</c>.</param>
    /// <param name="spec">What the backbone wants.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="destination">One image of the tensor: exactly 3 values for each pixel of <see cref="PreprocessSpec.OutputSize"/>.</param>
    /// <exception cref="ArgumentException">The spec is contradictory, or the destination has another length.</exception>
    internal static void Prepare(PixelBuffer pixels, PreprocessSpec spec, TensorLayout layout, Span<float> destination)
    {
        CheckLength(spec, destination.Length);
        using var sink = OfThread();
        sink.Prepare(pixels, spec, layout, destination);
    }

    /// <summary>
    /// Decodes and prepares in one pass over the rows where the decoder can, to the same bits as
    /// <see cref="IImageDecoder.Decode"/> and <see cref="Prepare(PixelBuffer, PreprocessSpec, TensorLayout, Span{float})"/>.
    /// </summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="decoder">Any decoder.</param>
    /// <param name="options">Limits and background.</param>
    /// <param name="spec">What the backbone wants.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="destination">One image of the tensor; undefined when the decode fails.</param>
    /// <param name="place">The image's place in the <see cref="MemoryGate"/>, which is left when it is decoded; null to wait for one.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What makes the picture doubtful, each in one sentence; empty for nothing.</returns>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    /// <exception cref="ArgumentException">The spec is contradictory, or the destination has another length.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before there was a place.</exception>
    internal static IReadOnlyList<string> Prepare(
        ReadOnlySpan<byte> encoded, IImageDecoder decoder, DecodeOptions options, PreprocessSpec spec, TensorLayout layout, Memory<float> destination,
        MemoryGate.Entry? place = null, CancellationToken cancellationToken = default)
    {
        using var held = place ?? MemoryGate.Shared.Enter(DecodeMemory.Of(encoded, decoder, options), options.MemoryBudget, cancellationToken);
        using var inside = MemoryGate.Entry.OnThread();
        if (decoder is not IRowDecoder rowDecoder)
        {
            using var pixels = decoder.Decode(encoded, options);
            if (options.Strict && pixels.Warnings is [var first, ..]) Throw.ImageDoubtful(first);
            Prepare(pixels, spec, layout, destination.Span);
            return pixels.Warnings;
        }

        CheckLength(spec, destination.Length);
        using var sink = OfThread();
        sink.Target(spec, layout, destination);
        rowDecoder.DecodeRows(encoded, options, sink);
        sink.Complete();
        return sink.Warnings;
    }

    /// <summary>Opens, decodes and prepares an image of any kind.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded; the exception names it.</exception>
    /// <inheritdoc cref="Prepare(ReadOnlySpan{byte}, IImageDecoder, DecodeOptions, PreprocessSpec, TensorLayout, Memory{float}, MemoryGate.Entry?, CancellationToken)"/>
    internal static IReadOnlyList<string> Prepare(
        ImageInput image, IImageDecoder decoder, DecodeOptions options, PreprocessSpec spec, TensorLayout layout, Memory<float> destination)
    {
        try
        {
            using var opened = image.Open(options, CancellationToken.None);
            return Prepare(opened, decoder, options, spec, layout, destination);
        }
        catch (ImageDecodeException exception) when (image.MustName(exception))
        {
            throw Throw.ImageNamed(image.Id, exception);
        }
    }

    /// <summary>Prepares an image that is open.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be decoded.</exception>
    /// <inheritdoc cref="Prepare(ReadOnlySpan{byte}, IImageDecoder, DecodeOptions, PreprocessSpec, TensorLayout, Memory{float}, MemoryGate.Entry?, CancellationToken)"/>
    internal static IReadOnlyList<string> Prepare(
        in OpenedImage image, IImageDecoder decoder, DecodeOptions options, PreprocessSpec spec, TensorLayout layout, Memory<float> destination,
        MemoryGate.Entry? place = null, CancellationToken cancellationToken = default)
    {
        if (image.Pixels is not { } pixels) return Prepare(image.Encoded, decoder, options, spec, layout, destination, place, cancellationToken);
        Prepare(pixels, spec, layout, destination.Span);
        return pixels.Warnings;
    }

    private static PreprocessingSink OfThread() => t_sink ??= new PreprocessingSink();

    private static void CheckLength(PreprocessSpec spec, int length)
    {
        // Checks the spec too, once while it lives.
        _ = TensorWriter.For(spec);
        var (width, height) = spec.OutputSize;
        if (length != 3 * width * height) Throw.TensorHasWrongLength(length, width, height);
    }
}
