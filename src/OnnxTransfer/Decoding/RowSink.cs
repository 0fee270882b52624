namespace OnnxTransfer.Decoding;

/// <summary>Receives the rows of an image from a decoder, from top to bottom as stored.</summary>
internal interface IRowSink
{
    /// <summary>The factor by which the decoder may shrink the image: 1, 2, 4 or 8. It is called if the options allow shrinking.</summary>
    /// <param name="width">Pixels per stored row.</param>
    /// <param name="height">The number of stored rows.</param>
    /// <param name="orientation">The orientation of the stored image.</param>
    /// <param name="shrink">How far the options allow shrinking.</param>
    int Shrink(int width, int height, Orientation orientation, JpegShrink shrink);

    /// <summary>Called once, before the first row, after the header has passed every limit.</summary>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="orientation">The orientation of the stored image.</param>
    void Begin(int width, int height, Orientation orientation);

    /// <summary>Receives a warning about the picture, in one sentence. It may be called at any time, even after the last row.</summary>
    void Warn(string warning);

    /// <summary>Receives one stored row <c>[width,3]</c>, RGB, valid during the call.</summary>
    void Row(int y, ReadOnlySpan<byte> rgb);
}

/// <summary>A decoder that gives rows as it decodes them, so that no buffer for the whole image is needed.</summary>
internal interface IRowDecoder : IImageDecoder
{
    /// <summary>Decodes an image row by row.</summary>
    /// <exception cref="ImageDecodeException">As for <see cref="IImageDecoder.Decode"/>; the sink may have received rows before
    /// it.</exception>
    void DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink);

    /// <summary>The number of stored rows in memory, in samples of one byte, if the decoder does not hold the whole image.</summary>
    int RowsHeld { get; }

    /// <summary>The other decoder to which images of a format are passed; null if there is none.</summary>
    IImageDecoder? HandsTo(ImageFormat format);
}

/// <summary>Collects the rows in one upright buffer.</summary>
internal sealed class PixelBufferSink : IRowSink, IDisposable
{
    private PixelBuffer? _pixels;
    private Orientation _orientation;
    private int _height;
    private List<string>? _warnings;

    public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink) => 1;

    public void Begin(int width, int height, Orientation orientation)
    {
        _orientation = orientation;
        _height = height;
        _pixels = orientation.SwapsSides() ? PixelBuffer.Rent(height, width) : PixelBuffer.Rent(width, height);
    }

    public void Warn(string warning) => (_warnings ??= []).Add(warning);

    public void Row(int y, ReadOnlySpan<byte> rgb) =>
        Orientations.WriteRow(rgb, y, _height, _orientation, _pixels!.Pixels);

    /// <summary>Gives the buffer to the caller, who disposes it.</summary>
    internal PixelBuffer Take()
    {
        var pixels = _pixels!;
        _pixels = null;
        if (_warnings is not null) pixels.Warn(_warnings);
        _warnings = null;
        return pixels;
    }

    /// <summary>Returns the memory if the decode failed.</summary>
    public void Dispose()
    {
        _pixels?.Dispose();
        _pixels = null;
        _warnings = null;
    }
}
