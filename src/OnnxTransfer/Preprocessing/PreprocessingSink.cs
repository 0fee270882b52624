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
    private Memory<float> _image;
    private ImageView _view;
    private ResizeGeometry _geometry;
    private ResizeGeometry? _full;
    private Orientation _orientation;
    private int _height;
    // The upright pixels of an image that is stored turned or mirrored.
    private ScratchBytes? _upright;
    private List<string>? _warnings;

    /// <summary>What makes the picture doubtful, so far.</summary>
    internal IReadOnlyList<string> Warnings => _warnings ?? [];

    /// <summary>Starts an image.</summary>
    /// <param name="image">One image of the tensor.</param>
    /// <param name="view">How the image is seen.</param>
    internal void Target(Memory<float> image, ImageView view = default)
    {
        (_image, _view) = (image, view);
        _full = null;
    }

    public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink)
    {
        var (uprightWidth, uprightHeight) = orientation.SwapsSides() ? (height, width) : (width, height);
        var full = ResizeGeometry.For(spec, uprightWidth, uprightHeight, _view);
        _full = full;
        var gap = shrink == JpegShrink.Near ? 2 : 1;
        var factor = 8;
        while (factor > 1 && (uprightWidth < factor * gap * full.ResizedWidth || uprightHeight < factor * gap * full.ResizedHeight)) factor /= 2;
        return factor;
    }

    public void Begin(int width, int height, Orientation orientation)
    {
        (_orientation, _height) = (orientation, height);
        var (uprightWidth, uprightHeight) = orientation.SwapsSides() ? (height, width) : (width, height);
        _geometry = Geometry(uprightWidth, uprightHeight);
        _rows.Start(_geometry, _geometry.Upsampling ?? spec.Filter);
        if (orientation != Orientation.Upright) _upright = new ScratchBytes(3 * width * height);
    }

    public void Row(int y, ReadOnlySpan<byte> rgb)
    {
        if (_upright is { } upright) Orientations.WriteRow(rgb, y, _height, _orientation, upright.Span);
        else RowUpright(y, rgb);
    }

    public void Warn(string warning) => (_warnings ??= []).Add(warning);

    /// <summary>Ends an image that was decoded to its last row.</summary>
    internal void Complete()
    {
        if (_upright is not { } upright) return;
        var stride = 3 * _geometry.SourceWidth;
        for (var y = 0; y < _geometry.SourceHeight; y++) RowUpright(y, upright.Span.Slice(y * stride, stride));
    }

    /// <summary>Prepares an image that is in memory already.</summary>
    internal void Prepare(PixelBuffer pixels, Span<float> image, ImageView view = default)
    {
        var geometry = ResizeGeometry.For(spec, pixels.Width, pixels.Height, view);
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
        _upright?.Dispose();
        _upright = null;
        _image = default;
        _warnings = null;
    }

    /// <summary>A shrunken image is brought to the size and crop that its full size would have had.</summary>
    private ResizeGeometry Geometry(int width, int height) => _full is { } full
        ? full with { SourceWidth = width, SourceHeight = height }
        : ResizeGeometry.For(spec, width, height, _view);

    private void RowUpright(int y, ReadOnlySpan<byte> rgb)
    {
        _rows.Push(y, rgb);
        while (_rows.TryProduce(out var row)) writer.Write(_rows, row, _geometry, _image.Span);
    }
}
