using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Heads;

/// <summary>What happens block by block between the products: packing, activations, loss.</summary>
internal sealed partial class Network<T>
{
    private readonly T[][] _inputGradients;

    private void Pack(int task)
    {
        var (from, to) = Share(task, _rowBlocks);
        var block = InputBlock(_layers[0]);
        for (var n = from; n < to; n++)
        {
            var to4 = _inputs[0].AsSpan(n * block, block);
            for (var r = 0; r < DenseKernels.Rows; r++)
            {
                var i = n * DenseKernels.Rows + r;
                PackRow(i < _count ? _data.Features.Row(_order[_start + i]) : [], r, to4);
            }
        }
    }

    /// <summary>[D] becomes row r of a block [D/V][4][V]; an empty row becomes zeros.</summary>
    private void PackRow(ReadOnlySpan<float> row, int r, Span<T> block)
    {
        var vectors = MemoryMarshal.Cast<T, Vector256<T>>(block);
        var whole = 0;
        if (typeof(T) == typeof(float) && _standardization is null)
        {
            var from = MemoryMarshal.Cast<float, Vector256<T>>(row);
            for (var k = 0; k < from.Length; k++) vectors[k * DenseKernels.Rows + r] = from[k];
            whole = from.Length * Vector256<T>.Count;
        }

        for (var d = whole; d < row.Length; d++) block[At(d, r)] = Standardized(row[d], d);
        for (var d = Math.Max(whole, row.Length); d < _layers[0].InputVectors * Vector256<T>.Count; d++) block[At(d, r)] = T.Zero;
    }

    private static int At(int d, int r) => (d / Vector256<T>.Count * DenseKernels.Rows + r) * Vector256<T>.Count + d % Vector256<T>.Count;

    private T Standardized(float x, int d) => T.CreateTruncating(_standardization is null ? x : (x - _standardization.Mean[d]) * _standardization.Scale[d]);

    /// <summary>ReLU and dropout: the logits of a hidden layer become the inputs of the next.</summary>
    private void Activate(int task)
    {
        var (from, to) = Share(task, _rowBlocks);
        var layer = _layers[_layer];
        var block = InputBlock(_layers[_layer + 1]);
        var scale = _training ? T.CreateTruncating(_dropout.Scale) : T.One;
        var key = _dropout.KeyOf(_layer);
        for (var n = from; n < to; n++)
        {
            var next = _inputs[_layer + 1].AsSpan(n * block, block);
            for (var c = 0; c < layer.Outputs; c++)
            {
                for (var r = 0; r < DenseKernels.Rows; r++)
                {
                    var z = _signals[_layer][SignalIndex(n, r, c)];
                    var keep = z > T.Zero && (!_training || _dropout.Keeps(key, (long)(n * DenseKernels.Rows + r) * layer.Outputs + c));
                    next[At(c, r)] = keep ? z * scale : T.Zero;
                }
            }
        }
    }

    /// <summary>The signal to the layer before: <c>dx = g·Wᵀ</c>, through the ReLU and dropout that made x.</summary>
    private void InputGradient(int task)
    {
        var (from, to) = Share(task, _rowBlocks);
        var layer = _layers[_layer];
        var block = InputBlock(layer);
        var scale = T.CreateTruncating(_dropout.Scale);
        for (var n = from; n < to; n++)
        {
            var gradient = _inputGradients[_layer].AsSpan(n * block, block);
            var x = _inputs[_layer].AsSpan(n * block, block);
            layer.InputGradient(_signals[_layer], _rowBlocks, n, gradient);
            var before = _signals[_layer - 1];
            for (var c = 0; c < layer.Inputs; c++)
            {
                for (var r = 0; r < DenseKernels.Rows; r++)
                {
                    var at = At(c, r);
                    before[SignalIndex(n, r, c)] = x[at] > T.Zero ? gradient[at] * scale : T.Zero;
                }
            }

            // What fills the last block up is the bias of no output and must carry no signal.
            for (var c = layer.Inputs; c < _layers[_layer - 1].OutputBlocks * DenseKernels.Outputs; c++)
            {
                for (var r = 0; r < DenseKernels.Rows; r++) before[SignalIndex(n, r, c)] = T.Zero;
            }
        }
    }

    /// <summary>The logits of the last layer become the gradient of the batch's mean loss by them.</summary>
    private void Loss(int task)
    {
        var (from, to) = Share(task, _rowBlocks);
        var layer = _layers[^1];
        var signals = _signals[^1];
        var scale = 1.0 / _count;
        for (var n = from; n < to; n++)
        {
            var logits = _rowLogits.AsSpan(n * layer.Outputs, layer.Outputs);
            for (var r = 0; r < DenseKernels.Rows; r++)
            {
                var i = n * DenseKernels.Rows + r;
                for (var c = 0; c < logits.Length; c++) logits[c] = signals[SignalIndex(n, r, c)];
                if (i < _count) _rowLoss[i] = _objective.RowLoss(_data, _order[_start + i], logits, scale, out _rowCorrect[i]);
                else logits.Clear();
                for (var c = 0; c < layer.OutputBlocks * DenseKernels.Outputs; c++) signals[SignalIndex(n, r, c)] = c < logits.Length ? logits[c] : T.Zero;
            }
        }
    }

    private int SignalIndex(int rowBlock, int r, int output) =>
        (output / DenseKernels.Outputs * _rowBlocks + rowBlock) * BlockOfSignals + r * DenseKernels.Outputs + output % DenseKernels.Outputs;
}
