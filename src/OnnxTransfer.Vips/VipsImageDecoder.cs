using OnnxTransfer.Decoding;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Vips;

/// <inheritdoc cref="VipsDecoder"/>
/// <param name="others">The registry that holds the HEIC decoder.</param>
internal sealed class VipsImageDecoder(DecoderRegistry others) : IRowDecoder
{
    /// <inheritdoc/>
    /// <exception cref="DllNotFoundException">libvips cannot be loaded.</exception>
    public string Name => $"libvips {VipsLibrary.Version}";

    /// <inheritdoc/>
    public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
    {
        using var sink = new PixelBufferSink();
        DecodeRows(encoded, options ?? DecodeOptions.Default, sink);
        return sink.Take();
    }

    public void DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink)
    {
        var format = DecodeChecks.Format(encoded, options);
        if (format == ImageFormat.Bmp)
        {
            BmpReader.Decode(encoded, options, sink);
        }
        else if (format == ImageFormat.Heic)
        {
            others.DecodeRows(this, format, encoded, options, sink);
        }
        else if (format == ImageFormat.Ico)
        {
            ((IRowDecoder)ImageDecoders.Default).DecodeRows(encoded, options, sink);
        }
        else
        {
            if (format == ImageFormat.Tiff && VipsErrors.TiffNotSupported(new TiffHeader(encoded)) is { } refusal) throw refusal;
            Start(format);
            using var input = CodecInput.Of(encoded, format, options, JpegCheck.OfEnds);
            DecodeChecks.Damage(input.Damage, format, options, sink);
            VipsPipeline.Decode(input, format, options, sink);
        }
    }

    /// <summary>Rows in memory for strips of 16: the sequential readers and the memory allocator keep many of them.</summary>
    public int RowsHeld => 2700;

    /// <summary>HEIC is passed on: its codec, HEVC, is patented, and the NuGet builds of libvips do not contain it.</summary>
    public IImageDecoder? HandsTo(ImageFormat format) => format switch
    {
        ImageFormat.Heic => others.Find(format),
        ImageFormat.Ico => ImageDecoders.Default,
        _ => null,
    };

    private static void Start(ImageFormat format)
    {
        try
        {
            VipsLibrary.Start();
        }
        catch (DllNotFoundException exception)
        {
            throw VipsErrors.ImageNeedsLibrary(format, exception);
        }
    }
}
