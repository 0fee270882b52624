using System.Runtime.InteropServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Resizes an image that arrives row by row and gives rows back as soon as their sources are there. It holds only as many
/// rows as the vertical filter spans, and computes only the rows and columns inside the crop. An instance is used for one
/// image after another and keeps its memory; it is not thread-safe.
/// </summary>
internal sealed class RowResampler
{
    private readonly ResizeAxis _horizontal = new();
    private readonly ResizeAxis _vertical = new();
    private ResizeFilter _filter;
    private byte[] _ring = [];
    private int[] _sums = [];
    private byte[] _bytes = [];
    private float[] _floats = [];
    private int _slotLength;
    private int _rowLength;
    private int _lastPushed;
    private int _next;

    /// <summary>Whether <see cref="TryProduce"/> fills <see cref="Floats"/> rather than <see cref="Bytes"/>.</summary>
    internal bool ProducesFloats => _filter == ResizeFilter.TensorFlowBilinear;

    /// <summary>The produced row <c>[width,3]</c>, 0 to 255.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _rowLength);

    /// <inheritdoc cref="Bytes"/>
    internal ReadOnlySpan<float> Floats => _floats.AsSpan(0, _rowLength);

    /// <summary>Starts an image.</summary>
    internal void Start(ResizeGeometry geometry, ResizeFilter filter)
    {
        _filter = filter;
        _horizontal.Plan(filter, geometry.SourceWidth, geometry.ResizedWidth, geometry.Left, geometry.Width);
        _vertical.Plan(filter, geometry.SourceHeight, geometry.ResizedHeight, geometry.Top, geometry.Height);
        _rowLength = 3 * geometry.Width;
        _slotLength = _rowLength * filter switch
        {
            ResizeFilter.TensorFlowBilinear => sizeof(double),
            ResizeFilter.OpenCvLinear => sizeof(int),
            _ => sizeof(byte),
        };
        _lastPushed = -1;
        _next = 0;
        Grow(ref _ring, _slotLength * _vertical.TapStride);
        if (ProducesFloats) Grow(ref _floats, _rowLength);
        else Grow(ref _bytes, _rowLength);
        if (filter is ResizeFilter.PillowBilinear or ResizeFilter.PillowBicubic) Grow(ref _sums, _rowLength);
    }

    /// <summary>Takes source row <paramref name="y"/>, <c>[sourceWidth,3]</c>; rows come in order, none left out.</summary>
    internal void Push(int y, ReadOnlySpan<byte> rgb)
    {
        _lastPushed = y;
        if (_next == _vertical.Count || y < _vertical.First[_next]) return;
        var slot = Slot(y);
        switch (_filter)
        {
            case ResizeFilter.TensorFlowBilinear:
                PixelKernels.TensorFlowHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, double>(slot));
                break;
            case ResizeFilter.OpenCvLinear:
                PixelKernels.OpenCvHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, int>(slot));
                break;
            case ResizeFilter.Nearest:
                PixelKernels.NearestHorizontal(rgb, _horizontal, slot);
                break;
            default:
                PixelKernels.PillowHorizontal(rgb, _horizontal, slot);
                break;
        }
    }

    /// <summary>Computes the next row of the result if the rows pushed so far suffice.</summary>
    /// <param name="y">The row's number in the crop.</param>
    internal bool TryProduce(out int y)
    {
        y = _next;
        if (_next == _vertical.Count || _vertical.First[_next] + _vertical.Taps[_next] - 1 > _lastPushed) return false;
        var upper = _vertical.First[_next];
        var lower = upper + _vertical.Taps[_next] - 1;
        switch (_filter)
        {
            case ResizeFilter.TensorFlowBilinear:
                PixelKernels.TensorFlowVertical(
                    MemoryMarshal.Cast<byte, double>(Slot(upper)), MemoryMarshal.Cast<byte, double>(Slot(lower)),
                    _vertical.RealWeights[2 * _next], _vertical.RealWeights[(2 * _next) + 1], _floats.AsSpan(0, _rowLength));
                break;
            case ResizeFilter.OpenCvLinear:
                PixelKernels.OpenCvVertical(
                    MemoryMarshal.Cast<byte, int>(Slot(upper)), MemoryMarshal.Cast<byte, int>(Slot(lower)),
                    _vertical.Weights[2 * _next], _vertical.Weights[(2 * _next) + 1], _bytes.AsSpan(0, _rowLength));
                break;
            case ResizeFilter.Nearest:
                Slot(upper).CopyTo(_bytes);
                break;
            default:
                SumRows(upper);
                break;
        }

        _next++;
        return true;
    }

    private void SumRows(int firstRow)
    {
        var sums = _sums.AsSpan(0, _rowLength);
        var weights = _vertical.Weights.Slice(_next * _vertical.TapStride, _vertical.Taps[_next]);
        PixelKernels.PillowBegin(sums);
        for (var t = 0; t < weights.Length; t++) PixelKernels.PillowAccumulate(Slot(firstRow + t), weights[t], sums);
        PixelKernels.PillowClip(sums, _bytes);
    }

    private Span<byte> Slot(int y) => _ring.AsSpan(y % _vertical.TapStride * _slotLength, _slotLength);

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length) array = GC.AllocateUninitializedArray<T>(length);
    }
}
