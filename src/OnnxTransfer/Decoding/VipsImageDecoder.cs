using OnnxTransfer.Decoding.Interop;

namespace OnnxTransfer.Decoding;

/// <inheritdoc cref="ImageDecoders.Libvips"/>
internal sealed class VipsImageDecoder : IImageDecoder, IRowDecoder
{
    /// <summary>Starts libvips if nothing has done so.</summary>
    /// <exception cref="DllNotFoundException">There is no libvips; the message says which package brings it.</exception>
    public VipsImageDecoder() => Name = $"libvips {VipsLibrary.Version}";

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
    {
        using var sink = new PixelBufferSink();
        ((IRowDecoder)this).DecodeRows(encoded, options ?? DecodeOptions.Default, sink);
        return sink.Take();
    }

    void IRowDecoder.DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink)
    {
        var format = DecodeChecks.Format(encoded, options);
        if (format == ImageFormat.Bmp) BmpReader.Decode(encoded, options, sink);
        else VipsPipeline.Decode(encoded, format, options, sink);
    }
}
