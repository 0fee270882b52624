namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Which source pixels make each pixel of a resized row or column, and with what weights. An instance is planned again for
/// every image and keeps its memory.
/// </summary>
internal sealed class ResizeAxis
{
    /// <summary>Bits behind the point in Pillow's 8-bit resize: <c>32 - 8 - 2</c>.</summary>
    internal const int PillowBits = 22;

    /// <summary>Bits behind the point in OpenCV's 8-bit bilinear resize.</summary>
    internal const int OpenCvBits = 11;

    private int[] _first = [];
    private int[] _taps = [];
    private int[] _weights = [];
    private short[] _vectorWeights = [];
    private int[] _pairWeights = [];
    private double[] _realWeights = [];

    /// <summary>Resized pixels in the planned window.</summary>
    internal int Count { get; private set; }

    /// <summary>The most taps of any pixel: the distance between two pixels' weights.</summary>
    internal int TapStride { get; private set; }

    /// <summary>The first source pixel of each resized pixel, <c>[Count]</c>, never decreasing.</summary>
    internal ReadOnlySpan<int> First => _first.AsSpan(0, Count);

    /// <summary>How many source pixels each resized pixel has, <c>[Count]</c>, at least 1.</summary>
    internal ReadOnlySpan<int> Taps => _taps.AsSpan(0, Count);

    /// <summary>Fixed-point weights <c>[Count,TapStride]</c>, zero beyond the taps: Pillow's and OpenCV's filters.</summary>
    internal ReadOnlySpan<int> Weights => _weights.AsSpan(0, Count * TapStride);

    /// <summary>
    /// Pillow's weights as the horizontal pass of <see cref="VectorKernels"/> multiplies them, <c>[Count,VectorStride]</c>: for
    /// each step of four taps the upper parts of the first two weights, three times for the channels, and two zeros; those of the
    /// other two; and the lower parts in the same order.
    /// </summary>
    internal ReadOnlySpan<short> VectorWeights => _vectorWeights.AsSpan(0, Count * VectorStride);

    /// <summary>The distance between two pixels' vector weights.</summary>
    internal int VectorStride { get; private set; }

    /// <summary>
    /// Pillow's weights as the vertical pass multiplies them, <c>[Count,PairStride]</c>: for each two taps the upper parts of
    /// their weights as two halves of a number, and the lower parts.
    /// </summary>
    internal ReadOnlySpan<int> PairWeights => _pairWeights.AsSpan(0, Count * PairStride);

    /// <summary>The distance between two rows' pair weights.</summary>
    internal int PairStride { get; private set; }

    /// <summary>Weights <c>[Count,TapStride]</c> that sum to one: TensorFlow's and torch's filters.</summary>
    internal ReadOnlySpan<double> RealWeights => _realWeights.AsSpan(0, Count * TapStride);

    /// <summary>Plans a window of an axis.</summary>
    /// <param name="filter">The kernel.</param>
    /// <param name="source">Source pixels.</param>
    /// <param name="resized">Resized pixels.</param>
    /// <param name="start">The window's first resized pixel.</param>
    /// <param name="count">The window's pixels.</param>
    /// <param name="vertical">Whether these are rows rather than columns, which OpenCV treats differently at the borders.</param>
    internal void Plan(ResizeFilter filter, int source, int resized, int start, int count, bool vertical)
    {
        Count = count;
        switch (filter)
        {
            case ResizeFilter.PillowBilinear:
                PlanPillow(source, resized, start, support: 1.0, Triangle);
                break;
            case ResizeFilter.PillowBicubic:
                PlanPillow(source, resized, start, support: 2.0, Cubic);
                break;
            case ResizeFilter.PillowLanczos:
                PlanPillow(source, resized, start, support: 3.0, Lanczos);
                break;
            case ResizeFilter.PillowBox:
                PlanPillow(source, resized, start, support: 0.5, Box);
                break;
            case ResizeFilter.PillowHamming:
                PlanPillow(source, resized, start, support: 1.0, Hamming);
                break;
            case ResizeFilter.PillowNearest:
                PlanPillowNearest(source, resized, start);
                break;
            case ResizeFilter.TorchBilinear:
                PlanAntialiased(source, resized, start, support: 1.0, Triangle);
                break;
            case ResizeFilter.TensorFlowBilinear:
                PlanTensorFlow(source, resized, start);
                break;
            case ResizeFilter.OpenCvLinear:
                PlanOpenCv(source, resized, start, vertical);
                break;
            case ResizeFilter.TensorFlowNearest:
                PlanTensorFlowNearest(source, resized, start);
                break;
            default:
                PlanNearest(source, resized, start);
                break;
        }
    }

    /// <summary>Pillow's <c>normalize_coeffs_8bpc</c>: the weights of <see cref="PlanAntialiased"/> in fixed point.</summary>
    private void PlanPillow(int source, int resized, int start, double support, Func<double, double> filter)
    {
        PlanAntialiased(source, resized, start, support, filter);
        Grow(ref _weights, Count * TapStride);
        for (var i = 0; i < Count * TapStride; i++)
        {
            var weight = _realWeights[i] * (1 << PillowBits);
            _weights[i] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
    }

    /// <summary>
    /// Pillow's <c>precompute_coeffs</c>, which torch's <c>interpolate</c> with <c>antialias=True</c> shares: when shrinking, the filter
    /// widens by the scale.
    /// </summary>
    private void PlanAntialiased(int source, int resized, int start, double support, Func<double, double> filter)
    {
        var scale = (double)source / resized;
        var filterScale = Math.Max(scale, 1.0);
        support *= filterScale;
        Reserve(((int)Math.Ceiling(support) * 2) + 1);
        Grow(ref _realWeights, Count * TapStride);
        var step = 1.0 / filterScale;
        for (var i = 0; i < Count; i++)
        {
            var center = (start + i + 0.5) * scale;
            var first = Math.Max((int)(center - support + 0.5), 0);
            var taps = Math.Min((int)(center + support + 0.5), source) - first;
            var weights = _realWeights.AsSpan(i * TapStride, TapStride);
            weights.Clear();
            var sum = 0.0;
            for (var t = 0; t < taps; t++)
            {
                weights[t] = filter((t + first - center + 0.5) * step);
                sum += weights[t];
            }

            if (sum != 0)
            {
                for (var t = 0; t < taps; t++) weights[t] /= sum;
            }

            _first[i] = first;
            _taps[i] = taps;
        }
    }

    /// <summary>Makes <see cref="VectorWeights"/> of the planned weights.</summary>
    internal void PlanVectors()
    {
        var steps = (TapStride + VectorKernels.TapsPerStep - 1) / VectorKernels.TapsPerStep;
        VectorStride = steps * VectorKernels.WeightsPerStep;
        Grow(ref _vectorWeights, Count * VectorStride);
        _vectorWeights.AsSpan(0, Count * VectorStride).Clear();
        for (var i = 0; i < Count; i++)
        {
            for (var t = 0; t < _taps[i]; t++)
            {
                var weight = _weights[(i * TapStride) + t];
                var (step, tap) = (t / VectorKernels.TapsPerStep, t % VectorKernels.TapsPerStep);
                var at = (i * VectorStride) + (step * VectorKernels.WeightsPerStep) + (8 * (tap / 2)) + (tap % 2);
                for (var channel = 0; channel < 3; channel++)
                {
                    _vectorWeights[at + (2 * channel)] = UpperPart(weight);
                    _vectorWeights[at + (2 * channel) + (VectorKernels.WeightsPerStep / 2)] = LowerPart(weight);
                }
            }
        }
    }

    /// <summary>Makes <see cref="PairWeights"/> of the planned weights.</summary>
    internal void PlanPairs()
    {
        PairStride = (TapStride + 1) & ~1;
        Grow(ref _pairWeights, Count * PairStride);
        for (var i = 0; i < Count; i++)
        {
            for (var t = 0; t < _taps[i]; t += 2)
            {
                var first = _weights[(i * TapStride) + t];
                var second = t + 1 < _taps[i] ? _weights[(i * TapStride) + t + 1] : 0;
                _pairWeights[(i * PairStride) + t] = Pair(UpperPart(first), UpperPart(second));
                _pairWeights[(i * PairStride) + t + 1] = Pair(LowerPart(first), LowerPart(second));
            }
        }
    }

    private static short UpperPart(int weight) => (short)(weight >> VectorKernels.LowerBits);

    private static short LowerPart(int weight) => (short)(weight & ((1 << VectorKernels.LowerBits) - 1));

    private static int Pair(short first, short second) => (ushort)first | (second << 16);

    /// <summary><c>tf.image.resize</c>: half-pixel centers, the coordinate's neighbors clamped to the image.</summary>
    private void PlanTensorFlow(int source, int resized, int start)
    {
        Reserve(2);
        Grow(ref _realWeights, Count * TapStride);
        for (var i = 0; i < Count; i++)
        {
            var at = Math.Clamp(((start + i + 0.5) * source / resized) - 0.5, 0, source - 1);
            var first = (int)at;
            _first[i] = first;
            _taps[i] = Math.Min(2, source - first);
            _realWeights[2 * i] = 1 - (at - first);
            _realWeights[(2 * i) + 1] = at - first;
        }
    }

    /// <summary>
    /// OpenCV's <c>resize</c> with <c>INTER_LINEAR</c>: coordinates in float32, weights rounded to 11 bits. Beyond the border
    /// it takes a column alone, but a row twice with both weights, and its shifts then lose a bit.
    /// </summary>
    private void PlanOpenCv(int source, int resized, int start, bool vertical)
    {
        Reserve(2);
        Grow(ref _weights, Count * TapStride);
        var scale = 1.0 / ((double)resized / source);
        for (var i = 0; i < Count; i++)
        {
            var at = (float)(((start + i + 0.5) * scale) - 0.5);
            var first = (int)MathF.Floor(at);
            var fraction = at - first;
            if (!vertical && (first < 0 || first >= source - 1)) fraction = 0;
            _first[i] = Math.Clamp(first, 0, source - 1);
            _taps[i] = first < 0 || first >= source - 1 ? 1 : 2;
            _weights[2 * i] = (int)MathF.Round((1 - fraction) * (1 << OpenCvBits), MidpointRounding.ToEven);
            _weights[(2 * i) + 1] = (int)MathF.Round(fraction * (1 << OpenCvBits), MidpointRounding.ToEven);
        }
    }

    /// <summary>OpenCV's <c>INTER_NEAREST</c>, with the rounding of its scale.</summary>
    private void PlanNearest(int source, int resized, int start)
    {
        Reserve(1);
        var scale = 1.0 / ((double)resized / source);
        for (var i = 0; i < Count; i++)
        {
            _first[i] = Math.Min((int)((start + i) * scale), source - 1);
            _taps[i] = 1;
        }
    }

    /// <summary><c>tf.image.resize</c> nearest: the source pixel under the resized pixel's center, in TensorFlow's float32.</summary>
    private void PlanTensorFlowNearest(int source, int resized, int start)
    {
        Reserve(1);
        var scale = source / (float)resized;
        for (var i = 0; i < Count; i++)
        {
            _first[i] = Math.Min((int)((start + i + 0.5f) * scale), source - 1);
            _taps[i] = 1;
        }
    }

    /// <summary>
    /// Pillow's <c>resize</c> with <c>NEAREST</c>, its <c>ImagingScaleAffine</c>: the source pixel under the resized pixel's center. The
    /// coordinate is a running sum, whose rounding decides where the center lies between two pixels.
    /// </summary>
    private void PlanPillowNearest(int source, int resized, int start)
    {
        Reserve(1);
        var scale = (double)source / resized;
        var at = scale * 0.5;
        for (var i = 0; i < start; i++) at += scale;
        for (var i = 0; i < Count; i++)
        {
            _first[i] = Math.Min((int)at, source - 1);
            _taps[i] = 1;
            at += scale;
        }
    }

    private void Reserve(int tapStride)
    {
        TapStride = tapStride;
        Grow(ref _first, Count);
        Grow(ref _taps, Count);
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length) array = GC.AllocateUninitializedArray<T>(length + (length / 4));
    }

    private static double Triangle(double x) => Math.Max(0.0, 1.0 - Math.Abs(x));

    private static double Box(double x) => x is > -0.5 and <= 0.5 ? 1 : 0;

    private static double Hamming(double x)
    {
        x = Math.Abs(x);
        if (x == 0) return 1;
        if (x >= 1) return 0;
        x *= Math.PI;
        return Math.Sin(x) / x * (0.54 + (0.46 * Math.Cos(x)));
    }

    private static double Lanczos(double x) => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0;

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);

    /// <summary>Keys' cubic convolution with a = -0.5.</summary>
    private static double Cubic(double x)
    {
        const double a = -0.5;
        x = Math.Abs(x);
        return x < 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1
            : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * a
            : 0;
    }
}
