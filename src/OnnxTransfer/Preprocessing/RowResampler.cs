using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Resizes an image that arrives row by row and gives rows back as soon as their sources are there. It holds only as many
/// rows as the vertical filter spans, and computes only the rows and columns inside the crop. An instance is used for one
/// image after another and keeps its memory; it is not thread-safe.
/// </summary>
/// <param name="vectors">Whether <see cref="VectorKernels"/> are used where there is a choice; the results are the same.</param>
internal sealed class RowResampler(bool vectors)
{
    private readonly ResizeAxis _horizontal = new();
    private readonly ResizeAxis _vertical = new();
    private ResizeFilter _filter;
    private byte[] _ring = [];
    private byte[] _padded = [];
    private int[] _sums = [];
    private double[] _realSums = [];
    private int[] _offsets = [];
    private byte[] _bytes = [];
    private float[] _floats = [];
    private int _slotLength;
    private int _capacity;
    private int _rowLength;
    private int _lastReady;
    private int _sourceHeight;
    private int _paddedStride;
    private int _waiting;
    private int _next;
    private bool _vectorized;

    /// <summary>Whether <see cref="TryProduce"/> fills <see cref="Floats"/> rather than <see cref="Bytes"/>.</summary>
    internal bool ProducesFloats => _filter is ResizeFilter.TensorFlowBilinear or ResizeFilter.TorchBilinear;

    /// <summary>The produced row <c>[width,3]</c>, 0 to 255.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _rowLength);

    /// <summary>The produced row and <see cref="VectorKernels.Padding"/> bytes more.</summary>
    internal ReadOnlySpan<byte> PaddedBytes => _bytes.AsSpan(0, _rowLength + VectorKernels.Padding);

    /// <summary>Whether vectors are used where there is a choice.</summary>
    internal bool UsesVectors => vectors;

    /// <inheritdoc cref="Bytes"/>
    internal ReadOnlySpan<float> Floats => _floats.AsSpan(0, _rowLength);

    /// <summary>Starts an image.</summary>
    internal void Start(ResizeGeometry geometry, ResizeFilter filter)
    {
        _filter = filter;
        _horizontal.Plan(filter, geometry.SourceWidth, geometry.ResizedWidth, geometry.Left, geometry.Width, vertical: false);
        _vertical.Plan(filter, geometry.SourceHeight, geometry.ResizedHeight, geometry.Top, geometry.Height, vertical: true);
        _rowLength = 3 * geometry.Width;
        _slotLength = _rowLength * filter switch
        {
            ResizeFilter.TensorFlowBilinear or ResizeFilter.TorchBilinear => sizeof(double),
            ResizeFilter.OpenCvLinear => sizeof(int),
            _ => sizeof(byte),
        };
        _slotLength += VectorKernels.Padding;
        _lastReady = -1;
        _waiting = 0;
        _sourceHeight = geometry.SourceHeight;
        _capacity = _vertical.TapStride;
        _next = 0;
        _vectorized = vectors && filter
            is ResizeFilter.PillowBilinear or ResizeFilter.PillowBicubic or ResizeFilter.PillowLanczos or ResizeFilter.PillowBox or ResizeFilter.PillowHamming;
        if (_vectorized)
        {
            // Rows come in several at a time, while those before them are still wanted.
            _capacity += VectorKernels.RowsPerPass;
            _paddedStride = (3 * geometry.SourceWidth) + VectorKernels.Padding;
            _horizontal.PlanVectors();
            _vertical.PlanPairs();
            Grow(ref _padded, _paddedStride * VectorKernels.RowsPerPass);
            Grow(ref _offsets, Math.Max(_vertical.TapStride + 1, VectorKernels.RowsPerPass));
        }

        Grow(ref _ring, _slotLength * _capacity);
        Grow(ref _bytes, _rowLength + VectorKernels.Padding);
        if (ProducesFloats) Grow(ref _floats, _rowLength);
        if (filter == ResizeFilter.TorchBilinear) Grow(ref _realSums, _rowLength);
        else Grow(ref _sums, _rowLength);
    }

    /// <summary>Takes source row <paramref name="y"/>, <c>[sourceWidth,3]</c>; rows come in order, none left out.</summary>
    internal void Push(int y, ReadOnlySpan<byte> rgb)
    {
        if (_vectorized)
        {
            PushVectorized(y, rgb);
            return;
        }

        _lastReady = y;
        if (_next == _vertical.Count || y < _vertical.First[_next]) return;
        var slot = Slot(y);
        switch (_filter)
        {
            case ResizeFilter.TensorFlowBilinear:
                if (vectors) VectorKernels.TensorFlowHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, double>(slot));
                else PixelKernels.TensorFlowHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, double>(slot));
                break;
            case ResizeFilter.OpenCvLinear:
                if (vectors) VectorKernels.OpenCvHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, int>(slot));
                else PixelKernels.OpenCvHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, int>(slot));
                break;
            case ResizeFilter.TorchBilinear:
                PixelKernels.TorchHorizontal(rgb, _horizontal, MemoryMarshal.Cast<byte, double>(slot));
                break;
            case ResizeFilter.Nearest or ResizeFilter.TensorFlowNearest or ResizeFilter.PillowNearest:
                if (vectors) VectorKernels.NearestHorizontal(rgb, _horizontal, slot);
                else PixelKernels.NearestHorizontal(rgb, _horizontal, slot);
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
        if (_next == _vertical.Count || _vertical.First[_next] + _vertical.Taps[_next] - 1 > _lastReady) return false;
        var upper = _vertical.First[_next];
        var lower = upper + _vertical.Taps[_next] - 1;
        switch (_filter)
        {
            case ResizeFilter.TensorFlowBilinear:
                BlendRows(MemoryMarshal.Cast<byte, double>(Slot(upper)), MemoryMarshal.Cast<byte, double>(Slot(lower)));
                break;
            case ResizeFilter.OpenCvLinear:
                BlendRows(MemoryMarshal.Cast<byte, int>(Slot(upper)), MemoryMarshal.Cast<byte, int>(Slot(lower)));
                break;
            case ResizeFilter.TorchBilinear:
                SumRealRows(upper);
                break;
            case ResizeFilter.Nearest or ResizeFilter.TensorFlowNearest or ResizeFilter.PillowNearest:
                Slot(upper).CopyTo(_bytes);
                break;
            default:
                SumRows(upper);
                break;
        }

        _next++;
        return true;
    }

    /// <summary>Gathers rows until there are enough for a pass, or no more come.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PushVectorized(int y, ReadOnlySpan<byte> rgb)
    {
        rgb.CopyTo(_padded.AsSpan(_waiting * _paddedStride));
        if (++_waiting < VectorKernels.RowsPerPass && y < _sourceHeight - 1) return;
        if (_next < _vertical.Count && y >= _vertical.First[_next])
        {
            var firstRow = y - _waiting + 1;
            for (var i = 0; i < VectorKernels.RowsPerPass; i++) _offsets[i] = (firstRow + i) % _capacity * _slotLength;
            VectorKernels.PillowHorizontal(_padded, _paddedStride, _horizontal, _ring, _offsets);
        }

        _waiting = 0;
        _lastReady = y;
    }

    private void BlendRows(ReadOnlySpan<double> upper, ReadOnlySpan<double> lower)
    {
        var (upperWeight, lowerWeight) = (_vertical.RealWeights[2 * _next], _vertical.RealWeights[(2 * _next) + 1]);
        var result = _floats.AsSpan(0, _rowLength);
        if (vectors) VectorKernels.TensorFlowVertical(upper, lower, upperWeight, lowerWeight, result);
        else PixelKernels.TensorFlowVertical(upper, lower, upperWeight, lowerWeight, result);
    }

    private void BlendRows(ReadOnlySpan<int> upper, ReadOnlySpan<int> lower)
    {
        var (upperWeight, lowerWeight) = (_vertical.Weights[2 * _next], _vertical.Weights[(2 * _next) + 1]);
        var result = _bytes.AsSpan(0, _rowLength);
        if (vectors) VectorKernels.OpenCvVertical(upper, lower, upperWeight, lowerWeight, result);
        else PixelKernels.OpenCvVertical(upper, lower, upperWeight, lowerWeight, result);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumRows(int firstRow)
    {
        var taps = _vertical.Taps[_next];
        if (_vectorized)
        {
            for (var t = 0; t < taps; t++) _offsets[t] = (firstRow + t) % _capacity * _slotLength;
            // Rows are taken in pairs: the last of an odd number has its own beside it, with a weight of zero.
            _offsets[taps] = _offsets[taps - 1];
            VectorKernels.PillowVertical(_ring, _offsets, _vertical, _next, _rowLength, _bytes);
            return;
        }

        var weights = _vertical.Weights.Slice(_next * _vertical.TapStride, taps);
        var sums = _sums.AsSpan(0, _rowLength);
        PixelKernels.PillowBegin(sums);
        for (var t = 0; t < weights.Length; t++) PixelKernels.PillowAccumulate(Slot(firstRow + t)[.._rowLength], weights[t], sums);
        PixelKernels.PillowClip(sums, _bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumRealRows(int firstRow)
    {
        var weights = _vertical.RealWeights.Slice(_next * _vertical.TapStride, _vertical.Taps[_next]);
        var sums = _realSums.AsSpan(0, _rowLength);
        sums.Clear();
        for (var t = 0; t < weights.Length; t++) PixelKernels.TorchAccumulate(MemoryMarshal.Cast<byte, double>(Slot(firstRow + t)), weights[t], sums);
        for (var i = 0; i < sums.Length; i++) _floats[i] = (float)sums[i];
    }

    private Span<byte> Slot(int y) => _ring.AsSpan(y % _capacity * _slotLength, _slotLength);

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length) array = GC.AllocateUninitializedArray<T>(length);
    }
}
