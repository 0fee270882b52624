namespace OnnxTransfer.Decoding;

/// <summary>The decoders for the formats that SkiaSharp does not read. Thread-safe.</summary>
internal sealed class DecoderRegistry
{
    private readonly IImageDecoder?[] _decoders = new IImageDecoder?[Enum.GetValues<ImageFormat>().Length];

    /// <summary>The registry of the process.</summary>
    internal static DecoderRegistry Shared { get; } = new();

    /// <inheritdoc cref="ImageDecoders.Register"/>
    internal void Register(IImageDecoder decoder, ReadOnlySpan<ImageFormat> formats)
    {
        ArgumentNullException.ThrowIfNull(decoder);
        // The default decoder would pass the image to itself.
        if (decoder is SkiaImageDecoder) Throw.DecoderIsTheDefault(nameof(decoder));
        if (formats.IsEmpty) Throw.DecoderWithoutFormats(nameof(formats));
        foreach (var format in formats)
        {
            if (format is not (ImageFormat.Tiff or ImageFormat.Avif or ImageFormat.Heic)) Throw.FormatNotForRegistering(format, nameof(formats));
        }

        foreach (var format in formats) Volatile.Write(ref _decoders[(int)format], decoder);
    }

    /// <summary>The decoder of a format; null if none is registered.</summary>
    internal IImageDecoder? Find(ImageFormat format) => Volatile.Read(ref _decoders[(int)format]);

    /// <summary>Decodes an image with the decoder that is registered for its format.</summary>
    /// <param name="asking">The decoder that does not read the format.</param>
    /// <param name="format">The image's format.</param>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="options">Limits and background.</param>
    /// <param name="sink">Receives the rows.</param>
    /// <exception cref="ImageDecodeException">No decoder is registered for the format, or the image is invalid.</exception>
    internal void DecodeRows(IImageDecoder asking, ImageFormat format, ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink)
    {
        var decoder = Find(format);
        if (decoder is null || decoder == asking) Throw.ImageNeedsDecoder(format, asking.Name);
        if (decoder is IRowDecoder rowDecoder)
        {
            rowDecoder.DecodeRows(encoded, options, sink);
            return;
        }

        using var pixels = decoder.Decode(encoded, options);
        sink.Begin(pixels.Width, pixels.Height, Orientation.Upright);
        foreach (var warning in pixels.Warnings) DecodeChecks.Warn(warning, options, sink);
        var stride = 3 * pixels.Width;
        for (var y = 0; y < pixels.Height; y++) sink.Row(y, pixels.Pixels.Slice(y * stride, stride));
    }
}
