using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training;

/// <summary>What happens block by block between the products: packing, activations, loss.</summary>
internal sealed partial class Network<T>
{
    private readonly AlignedArray<T>[] _inputGradients;

    /// <summary>Outputs that change between blocks of three and whole vectors at once.</summary>
    private static int OutputsAtOnce => DenseKernels.Outputs * Vector256<T>.Count;

    /// <summary>The batch's rows <c>[B,D]</c> become blocks <c>[B/4][D/V][4][V]</c>, filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(int task)
    {
        var (from, to) = ShareOfRows(task);
        var size = InputBlock(_layers[0]);
        for (var n = from; n < to; n++)
        {
            var block = _inputs[0].AsSpan(n * size, size);
            if (typeof(T) == typeof(float)) PackVectors(n, MemoryMarshal.Cast<T, float>(block));
            // Of a row, what fills no vector; in float64, all.
            for (var d = typeof(T) == typeof(float) ? _layers[0].Inputs / Vector256<T>.Count * Vector256<T>.Count : 0; d < _layers[0].Inputs; d++)
            {
                for (var r = 0; r < DenseKernels.Rows; r++) block[At(d, r)] = T.CreateTruncating(Standardized(RowOf(n, r)[d], d));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackVectors(int rowBlock, Span<float> block)
    {
        var to = MemoryMarshal.Cast<float, Vector256<float>>(block);
        var row0 = MemoryMarshal.Cast<float, Vector256<float>>(RowOf(rowBlock, 0));
        var row1 = MemoryMarshal.Cast<float, Vector256<float>>(RowOf(rowBlock, 1));
        var row2 = MemoryMarshal.Cast<float, Vector256<float>>(RowOf(rowBlock, 2));
        var row3 = MemoryMarshal.Cast<float, Vector256<float>>(RowOf(rowBlock, 3));
        for (var k = 0; k < row0.Length; k++)
        {
            var four = to.Slice(k * DenseKernels.Rows, DenseKernels.Rows);
            (four[0], four[1], four[2], four[3]) = (row0[k], row1[k], row2[k], row3[k]);
        }

        if (_standardization is null) return;
        var mean = MemoryMarshal.Cast<float, Vector256<float>>(_standardization.Mean.AsSpan());
        var scale = MemoryMarshal.Cast<float, Vector256<float>>(_standardization.Scale.AsSpan());
        for (var k = 0; k < mean.Length; k++)
        {
            foreach (ref var x in to.Slice(k * DenseKernels.Rows, DenseKernels.Rows)) x = (x - mean[k]) * scale[k];
        }
    }

    private ReadOnlySpan<float> RowOf(int rowBlock, int r)
    {
        var i = rowBlock * DenseKernels.Rows + r;
        return i < _count ? _data.Features.Row(_order[_start + i]) : _zeroRow;
    }

    private static int At(int d, int r) => (d / Vector256<T>.Count * DenseKernels.Rows + r) * Vector256<T>.Count + d % Vector256<T>.Count;

    private float Standardized(float x, int d) => _standardization is null ? x : (x - _standardization.Mean[d]) * _standardization.Scale[d];

    /// <summary>ReLU and dropout: the logits of a hidden layer become the inputs of the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Activate(int task)
    {
        var (from, to) = ShareOfRows(task);
        var layer = _layers[_layer];
        var size = InputBlock(_layers[_layer + 1]);
        var scale = Vector256.Create(_training ? T.CreateTruncating(_dropout.Scale) : T.One);
        var drops = _training && _dropout.Drops;
        Span<T> outputs = stackalloc T[OutputsAtOnce * DenseKernels.Rows];
        var vectors = MemoryMarshal.Cast<T, Vector256<T>>(outputs);
        for (var n = from; n < to; n++)
        {
            var next = MemoryMarshal.Cast<T, Vector256<T>>(_inputs[_layer + 1].AsSpan(n * size, size));
            for (var c = 0; c < layer.Outputs; c += OutputsAtOnce)
            {
                outputs.Clear();
                ReadSignals(_signals[_layer].AsSpan(SignalIndex(n, 0, c)), outputs, Math.Min(OutputsAtOnce, layer.Outputs - c));
                if (drops) Drop(outputs, n, c);
                var last = Math.Min(vectors.Length, next.Length);
                for (var i = 0; i < last; i++) next[i] = Vector256.ConditionalSelect(Vector256.GreaterThan(vectors[i], Vector256<T>.Zero), vectors[i] * scale, Vector256<T>.Zero);
                next = next[last..];
            }
        }
    }

    /// <summary>The signal to the layer before: <c>dx = g·Wᵀ</c>, through the ReLU and dropout that made x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void InputGradient(int task)
    {
        var (from, to) = ShareOfRows(task);
        var layer = _layers[_layer];
        var size = InputBlock(layer);
        var scale = Vector256.Create(T.CreateTruncating(_dropout.Scale));
        Span<T> outputs = stackalloc T[OutputsAtOnce * DenseKernels.Rows];
        var vectors = MemoryMarshal.Cast<T, Vector256<T>>(outputs);
        layer.InputGradient(_signals[_layer].AsSpan(), _rowBlocks, from..to, _inputGradients[_layer].AsSpan());
        for (var n = from; n < to; n++)
        {
            var gradient = MemoryMarshal.Cast<T, Vector256<T>>(_inputGradients[_layer].AsSpan(n * size, size));
            var x = MemoryMarshal.Cast<T, Vector256<T>>(_inputs[_layer].AsSpan(n * size, size))[..gradient.Length];
            for (var c = 0; c < layer.Inputs; c += OutputsAtOnce)
            {
                var last = Math.Min(vectors.Length, x.Length);
                for (var i = 0; i < last; i++) vectors[i] = Vector256.ConditionalSelect(Vector256.GreaterThan(x[i], Vector256<T>.Zero), gradient[i] * scale, Vector256<T>.Zero);
                // What fills the last block up is the bias of no output: it carries no signal.
                vectors[last..].Clear();
                x = x[last..];
                gradient = gradient[last..];
                WriteSignals(outputs, _signals[_layer - 1].AsSpan(SignalIndex(n, 0, c)), Math.Min(OutputsAtOnce, _layers[_layer - 1].OutputBlocks * DenseKernels.Outputs - c));
            }
        }
    }

    /// <summary>Four rows of some outputs, from blocks of three to vectors, <c>[V·3/V][4][V]</c>.</summary>
    private void ReadSignals(ReadOnlySpan<T> signals, Span<T> outputs, int count)
    {
        for (var c = 0; c < count; c += DenseKernels.Outputs, signals = signals[Math.Min(signals.Length, _rowBlocks * BlockOfSignals)..])
        {
            for (var q = 0; q < Math.Min(DenseKernels.Outputs, count - c); q++)
            {
                var to = outputs[At(c + q, 0)..];
                to[0] = signals[q];
                to[Vector256<T>.Count] = signals[q + DenseKernels.Outputs];
                to[2 * Vector256<T>.Count] = signals[q + 2 * DenseKernels.Outputs];
                to[3 * Vector256<T>.Count] = signals[q + 3 * DenseKernels.Outputs];
            }
        }
    }

    /// <summary>The way back of <see cref="ReadSignals"/>.</summary>
    private void WriteSignals(ReadOnlySpan<T> outputs, Span<T> signals, int count)
    {
        for (var c = 0; c < count; c += DenseKernels.Outputs, signals = signals[Math.Min(signals.Length, _rowBlocks * BlockOfSignals)..])
        {
            for (var q = 0; q < DenseKernels.Outputs; q++)
            {
                var from = outputs[At(c + q, 0)..];
                signals[q] = from[0];
                signals[q + DenseKernels.Outputs] = from[Vector256<T>.Count];
                signals[q + 2 * DenseKernels.Outputs] = from[2 * Vector256<T>.Count];
                signals[q + 3 * DenseKernels.Outputs] = from[3 * Vector256<T>.Count];
            }
        }
    }

    private void Drop(Span<T> outputs, int rowBlock, int firstOutput)
    {
        var key = _dropout.KeyOf(_layer);
        for (var i = 0; i < outputs.Length; i++)
        {
            // [vector][row][lane]
            var c = firstOutput + i / (DenseKernels.Rows * Vector256<T>.Count) * Vector256<T>.Count + i % Vector256<T>.Count;
            var row = rowBlock * DenseKernels.Rows + i / Vector256<T>.Count % DenseKernels.Rows;
            if (!_dropout.Keeps(key, (long)row * _layers[_layer].Outputs + c)) outputs[i] = T.Zero;
        }
    }

    /// <summary>The logits of the last layer become the gradient of the batch's mean loss by them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Loss(int task)
    {
        var (from, to) = ShareOfRows(task);
        var outputs = _layers[^1].Outputs;
        var signals = _signals[^1];
        var scale = 1.0 / _count;
        for (var n = from; n < to; n++)
        {
            for (var r = 0; r < DenseKernels.Rows; r++)
            {
                // The kernels want outputs in threes; the loss wants a row.
                var logits = _rowLogits.AsSpan(n * _paddedOutputs, _paddedOutputs);
                var at = SignalIndex(n, r, 0);
                for (var rest = logits; rest.Length > 0; rest = rest[DenseKernels.Outputs..], at += _rowBlocks * BlockOfSignals)
                    signals.AsSpan(at, DenseKernels.Outputs).CopyTo(rest);

                var i = n * DenseKernels.Rows + r;
                if (i < _count) _rowLoss[i] = _objective.RowLoss(_data, _order[_start + i], logits[..outputs], scale, _withClassWeights, out _rowCorrect[i]);
                logits[(i < _count ? outputs : 0)..].Clear();

                at = SignalIndex(n, r, 0);
                for (var rest = logits; rest.Length > 0; rest = rest[DenseKernels.Outputs..], at += _rowBlocks * BlockOfSignals)
                    rest[..DenseKernels.Outputs].CopyTo(signals.AsSpan(at, DenseKernels.Outputs));
            }
        }
    }

    private int SignalIndex(int rowBlock, int r, int output) =>
        (output / DenseKernels.Outputs * _rowBlocks + rowBlock) * BlockOfSignals + r * DenseKernels.Outputs + output % DenseKernels.Outputs;
}
