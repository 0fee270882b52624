using OnnxTransfer.Decoding;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Takes a decoder's rows and resizes, crops, normalises and lays them out as they come, so that the decoded image never
/// lies in memory as a whole. Only an image that is stored rotated or mirrored is collected upright first.
/// </summary>
internal sealed class PreprocessingSink : IRowSink, IDisposable
{
    private readonly RowResampler _rows = new(VectorKernels.IsSupported);
    private readonly PixelBufferSink _upright = new();
    private PreprocessSpec _spec = null!;
    private TensorWriter _writer = null!;
    private TensorLayout _layout;
    private Memory<float> _image;
    private ResizeGeometry _geometry;
    private ResizeGeometry? _full;
    private bool _collects;
    private List<string>? _warnings;

    /// <summary>What makes the picture doubtful, so far.</summary>
    internal IReadOnlyList<string> Warnings => _warnings ?? [];

    /// <summary>Starts an image.</summary>
    /// <param name="spec">What the backbone wants.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="image">One image of the tensor.</param>
    internal void Target(PreprocessSpec spec, TensorLayout layout, Memory<float> image)
    {
        _spec = spec;
        _writer = TensorWriter.For(spec);
        _layout = layout;
        _image = image;
        _full = null;
    }

    public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink)
    {
        var (uprightWidth, uprightHeight) = orientation.SwapsSides() ? (height, width) : (width, height);
        var full = ResizeGeometry.For(_spec, uprightWidth, uprightHeight);
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

    public void Warn(string warning) => (_warnings ??= []).Add(warning);

    /// <summary>Ends an image that was decoded to its last row.</summary>
    internal void Complete()
    {
        if (!_collects) return;
        using var pixels = _upright.Take();
        Prepare(pixels, Geometry(pixels.Width, pixels.Height), _spec, _layout, _image.Span);
    }

    /// <summary>Prepares an image that is in memory already.</summary>
    internal void Prepare(PixelBuffer pixels, PreprocessSpec spec, TensorLayout layout, Span<float> image) =>
        Prepare(pixels, ResizeGeometry.For(spec, pixels.Width, pixels.Height), spec, layout, image);

    private void Prepare(PixelBuffer pixels, ResizeGeometry geometry, PreprocessSpec spec, TensorLayout layout, Span<float> image)
    {
        var writer = TensorWriter.For(spec);
        var source = pixels.Pixels;
        var stride = 3 * pixels.Width;
        _rows.Start(geometry, geometry.Upsampling ?? spec.Filter);
        for (var y = 0; y < pixels.Height; y++)
        {
            _rows.Push(y, source.Slice(y * stride, stride));
            while (_rows.TryProduce(out var row)) writer.Write(_rows, row, geometry, layout, image);
        }
    }

    /// <summary>Ends an image, complete or not; the sink then serves the next.</summary>
    public void Dispose()
    {
        _upright.Dispose();
        _image = default;
        _warnings = null;
    }

    private void BeginUpright(int width, int height)
    {
        _geometry = Geometry(width, height);
        _rows.Start(_geometry, _geometry.Upsampling ?? _spec.Filter);
    }

    /// <summary>A shrunken image is brought to the size and crop that its full size would have had.</summary>
    private ResizeGeometry Geometry(int width, int height) => _full is { } full
        ? full with { SourceWidth = width, SourceHeight = height }
        : ResizeGeometry.For(_spec, width, height);

    private void RowUpright(int y, ReadOnlySpan<byte> rgb)
    {
        _rows.Push(y, rgb);
        while (_rows.TryProduce(out var row)) _writer.Write(_rows, row, _geometry, _layout, _image.Span);
    }
}
