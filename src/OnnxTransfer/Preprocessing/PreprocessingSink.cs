using OnnxTransfer.Decoding;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Takes a decoder's rows and resizes, crops, normalizes and lays them out as they come, so that the decoded image never
/// lies in memory as a whole. Only an image that is stored rotated or mirrored is collected upright first. It serves one image after
/// another and keeps its memory; it is not thread-safe.
/// </summary>
/// <param name="spec">The preprocessing of the backbone.</param>
/// <param name="writer">Writes its tensor.</param>
#pragma warning disable CA1001 // Reset gives the pixels back after every image; between two images there are none.
internal sealed class PreprocessingSink(PreprocessSpec spec, TensorWriter writer) : IRowSink
#pragma warning restore CA1001
{
    private readonly RowResampler _rows = new(VectorKernels.IsSupported);
    private readonly PixelBufferSink _upright = new();
    private Memory<float> _image;
    private ResizeGeometry _geometry;
    private ResizeGeometry? _full;
    private bool _collects;

    /// <summary>Starts an image.</summary>
    /// <param name="image">One image of the tensor.</param>
    internal void Target(Memory<float> image)
    {
        _image = image;
        _full = null;
    }

    public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink)
    {
        var (uprightWidth, uprightHeight) = orientation.SwapsSides() ? (height, width) : (width, height);
        var full = ResizeGeometry.For(spec, uprightWidth, uprightHeight);
        _full = full;
        var gap = shrink == JpegShrink.Near ? 2 : 1;
        var factor = 8;
        while (factor > 1 && (uprightWidth < factor * gap * full.ResizedWidth || uprightHeight < factor * gap * full.ResizedHeight)) factor /= 2;
        return factor;
    }

    public void Begin(int width, int height, Orientation orientation)
    {
        _collects = orientation != Orientation.Upright;
        if (_collects) _upright.Begin(width, height, orientation);
        else BeginUpright(width, height);
    }

    public void Row(int y, ReadOnlySpan<byte> rgb)
    {
        if (_collects) _upright.Row(y, rgb);
        else RowUpright(y, rgb);
    }

    /// <summary>Ends an image that was decoded to its last row.</summary>
    internal void Complete()
    {
        if (!_collects) return;
        using var pixels = _upright.Take();
        Prepare(pixels, Geometry(pixels.Width, pixels.Height), _image.Span);
    }

    /// <summary>Prepares an image that is in memory already.</summary>
    internal void Prepare(PixelBuffer pixels, Span<float> image) => Prepare(pixels, ResizeGeometry.For(spec, pixels.Width, pixels.Height), image);

    private void Prepare(PixelBuffer pixels, ResizeGeometry geometry, Span<float> image)
    {
        var source = pixels.Pixels;
        var stride = 3 * pixels.Width;
        _rows.Start(geometry, geometry.Upsampling ?? spec.Filter);
        for (var y = 0; y < pixels.Height; y++)
        {
            _rows.Push(y, source.Slice(y * stride, stride));
            while (_rows.TryProduce(out var row)) writer.Write(_rows, row, geometry, image);
        }
    }

    /// <summary>Lets go of an image, complete or not.</summary>
    internal void Reset()
    {
        _upright.Dispose();
        _image = default;
    }

    private void BeginUpright(int width, int height)
    {
        _geometry = Geometry(width, height);
        _rows.Start(_geometry, _geometry.Upsampling ?? spec.Filter);
    }

    /// <summary>A shrunken image is brought to the size and crop that its full size would have had.</summary>
    private ResizeGeometry Geometry(int width, int height) => _full is { } full
        ? full with { SourceWidth = width, SourceHeight = height }
        : ResizeGeometry.For(spec, width, height);

    private void RowUpright(int y, ReadOnlySpan<byte> rgb)
    {
        _rows.Push(y, rgb);
        while (_rows.TryProduce(out var row)) writer.Write(_rows, row, _geometry, _image.Span);
    }
}
