namespace OnnxTransfer.Decoding;

/// <summary>Takes the rows of an image as a decoder produces them, top to bottom as stored.</summary>
internal interface IRowSink
{
    /// <summary>How many times smaller than stored the rows may come: 1, 2, 4 or 8. Called when shrinking is allowed.</summary>
    /// <param name="width">Pixels of a stored row.</param>
    /// <param name="height">Stored rows.</param>
    /// <param name="orientation">What makes the stored image upright.</param>
    /// <param name="shrink">How far the options allow it.</param>
    int Shrink(int width, int height, Orientation orientation, JpegShrink shrink);

    /// <summary>Called once, before the first row, when the header has passed every limit.</summary>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="orientation">What makes the image upright.</param>
    void Begin(int width, int height, Orientation orientation);

    /// <summary>Says in one sentence what makes the picture doubtful. Called at any time, also behind the last row.</summary>
    void Warn(string warning);

    /// <summary>One stored row <c>[width,3]</c>, RGB; valid during the call.</summary>
    void Row(int y, ReadOnlySpan<byte> rgb);
}

/// <summary>A decoder that gives rows as it makes them, so that nobody needs a buffer for the whole image.</summary>
internal interface IRowDecoder : IImageDecoder
{
    /// <summary>Decodes an image row by row.</summary>
    /// <exception cref="ImageDecodeException">As for <see cref="IImageDecoder.Decode"/>; the sink may have had rows by then.</exception>
    void DecodeRows(ReadOnlySpan<byte> encoded, DecodeOptions options, IRowSink sink);

    /// <summary>Stored rows that the decoder holds at the same time, measured in samples of one byte, where it does not hold the whole image.</summary>
    int RowsHeld { get; }

    /// <summary>The other decoder that images of a format go to; null where there is none.</summary>
    IImageDecoder? HandsTo(ImageFormat format);
}

/// <summary>Collects the rows upright in one buffer.</summary>
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

    /// <summary>Hands the buffer to the caller, who disposes it.</summary>
    internal PixelBuffer Take()
    {
        var pixels = _pixels!;
        _pixels = null;
        if (_warnings is not null) pixels.Warn(_warnings);
        _warnings = null;
        return pixels;
    }

    /// <summary>Returns the memory of a decode that failed on the way.</summary>
    public void Dispose()
    {
        _pixels?.Dispose();
        _pixels = null;
        _warnings = null;
    }
}
