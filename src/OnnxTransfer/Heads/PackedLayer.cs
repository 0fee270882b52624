using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Heads.Optimizers;

namespace OnnxTransfer.Heads;

/// <summary>
/// The parameters of one dense layer in training, in the order the kernels want: W in blocks
/// (see <see cref="DenseKernels"/>), then b, padded with zeros that stay zero.
/// </summary>
internal sealed class PackedLayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Vectors of D that are multiplied before their sums go to memory: a block of W then stays in the second-level cache.</summary>
    private const int Depth = 64;

    /// <summary>Blocks of rows that a block of W serves each time it is fetched: as many as the first-level cache has room for.</summary>
    private const int RowBlocksPerWeights = 2;

    /// <summary>Blocks of rows whose strip of inputs stays in the first-level cache while every output is served.</summary>
    private const int RowBlocks = 32;

    private const int BlockOfSignals = DenseKernels.Rows * DenseKernels.Outputs;

    private static readonly int Width = Vector256<T>.Count;

    internal PackedLayer(int inputs, int outputs)
    {
        Inputs = inputs;
        Outputs = outputs;
        InputVectors = (inputs + Width * DenseKernels.Strip - 1) / (Width * DenseKernels.Strip) * DenseKernels.Strip;
        OutputBlocks = (outputs + DenseKernels.Outputs - 1) / DenseKernels.Outputs;
        // Blocks an even number of strips apart begin at few places of a cache that finds its lines by the low address bits, and
        // push each other out; an odd number spreads them.
        var stride = (Strips | 1) * DenseKernels.Strip;
        RowBlockVectors = stride * DenseKernels.Rows;
        OutputBlockVectors = stride * DenseKernels.Outputs;
        WeightCount = checked(OutputBlocks * OutputBlockVectors * Width);
        Parameters = new T[WeightCount + (OutputBlocks * DenseKernels.Outputs + Width - 1) / Width * Width];
        Gradient = new T[Parameters.Length];
    }

    internal int Inputs { get; }

    internal int Outputs { get; }

    /// <summary>D in vectors, a multiple of <see cref="DenseKernels.Strip"/>.</summary>
    internal int InputVectors { get; }

    /// <summary>From one block of rows to the next, in vectors.</summary>
    internal int RowBlockVectors { get; }

    /// <summary>From one block of outputs to the next, in vectors.</summary>
    internal int OutputBlockVectors { get; }

    /// <summary>C in blocks.</summary>
    internal int OutputBlocks { get; }

    internal int Strips => InputVectors / DenseKernels.Strip;

    /// <summary>Where b begins.</summary>
    internal int WeightCount { get; }

    internal T[] Parameters { get; }

    internal T[] Gradient { get; }

    internal int WeightIndex(int input, int output) =>
        (output / DenseKernels.Outputs * OutputBlockVectors + input / Width * DenseKernels.Outputs + output % DenseKernels.Outputs) * Width + input % Width;

    internal int BiasIndex(int output) => WeightCount + output;

    /// <summary>W uniform in ±sqrt(6 / (D + C)) (Glorot and Bengio, 2010, equation 16), b zero.</summary>
    internal void InitializeGlorot(SeededRandom random)
    {
        var limit = MathF.Sqrt(6f / (Inputs + Outputs));
        for (var c = 0; c < Outputs; c++)
        {
            for (var d = 0; d < Inputs; d++) Parameters[WeightIndex(d, c)] = T.CreateTruncating((2 * random.NextSingle() - 1) * limit);
        }
    }

    /// <summary>Logits of some rows for some outputs: <c>z = x·W + b</c>.</summary>
    internal void Forward(ReadOnlySpan<T> inputs, Span<T> signals, int rowBlocks, Range rows, Range outputs)
    {
        var x = MemoryMarshal.Cast<T, Vector256<T>>(inputs);
        var w = MemoryMarshal.Cast<T, Vector256<T>>(Parameters.AsSpan(0, WeightCount));
        for (var c = outputs.Start.Value; c < outputs.End.Value; c++)
        {
            var bias = Parameters.AsSpan(WeightCount + c * DenseKernels.Outputs, DenseKernels.Outputs);
            var z = signals[((c * rowBlocks + rows.Start.Value) * BlockOfSignals)..((c * rowBlocks + rows.End.Value) * BlockOfSignals)];
            for (; z.Length > 0; z = z[DenseKernels.Outputs..]) bias.CopyTo(z);
        }

        for (var from = 0; from < InputVectors; from += Depth)
        {
            var depth = Math.Min(Depth, InputVectors - from);
            for (var first = rows.Start.Value; first < rows.End.Value; first += RowBlocksPerWeights)
            {
                var last = Math.Min(first + RowBlocksPerWeights, rows.End.Value);
                for (var c = outputs.Start.Value; c < outputs.End.Value; c++)
                {
                    var wBlock = w.Slice(c * OutputBlockVectors + from * DenseKernels.Outputs, depth * DenseKernels.Outputs);
                    for (var n = first; n < last; n++)
                    {
                        var xBlock = x.Slice(n * RowBlockVectors + from * DenseKernels.Rows, depth * DenseKernels.Rows);
                        DenseKernels.Forward(xBlock, wBlock, signals.Slice((c * rowBlocks + n) * BlockOfSignals, BlockOfSignals));
                    }
                }
            }
        }
    }

    /// <summary>The gradient of one strip of W over all rows: <c>dW = xᵀ·g</c>, summed row after row whatever the blocking.</summary>
    internal void WeightGradient(ReadOnlySpan<T> inputs, ReadOnlySpan<T> signals, int rowBlocks, int strip)
    {
        var x = MemoryMarshal.Cast<T, Vector256<T>>(inputs)[(strip * DenseKernels.Strip * DenseKernels.Rows)..];
        for (var c = 0; c < OutputBlocks; c++) StripOf(Gradient, strip, c).Clear();
        for (var from = 0; from < rowBlocks; from += RowBlocks)
        {
            var count = Math.Min(RowBlocks, rowBlocks - from);
            for (var c = 0; c < OutputBlocks; c++)
            {
                var g = signals.Slice((c * rowBlocks + from) * BlockOfSignals, count * BlockOfSignals);
                DenseKernels.WeightGradient(x[(from * RowBlockVectors)..], RowBlockVectors, g, MemoryMarshal.Cast<T, Vector256<T>>(StripOf(Gradient, strip, c)));
            }
        }
    }

    /// <summary>The gradient of b: <c>db = 1ᵀ·g</c>, every fourth row for itself, then the four.</summary>
    internal void BiasGradient(ReadOnlySpan<T> signals, int rowBlocks)
    {
        Span<T> sums = stackalloc T[BlockOfSignals];
        for (var c = 0; c < OutputBlocks; c++)
        {
            sums.Clear();
            var g = signals.Slice(c * rowBlocks * BlockOfSignals, rowBlocks * BlockOfSignals);
            for (; g.Length >= BlockOfSignals; g = g[BlockOfSignals..])
            {
                for (var i = 0; i < sums.Length; i++) sums[i] += g[i];
            }

            for (var q = 0; q < DenseKernels.Outputs; q++)
                Gradient[WeightCount + c * DenseKernels.Outputs + q] = (sums[q] + sums[q + 6]) + (sums[q + 3] + sums[q + 9]);
        }
    }

    /// <summary>The gradient by the inputs of one block of rows: <c>dx = g·Wᵀ</c>, laid out like the inputs.</summary>
    internal void InputGradient(ReadOnlySpan<T> signals, int rowBlocks, int rowBlock, Span<T> gradient)
    {
        var w = MemoryMarshal.Cast<T, Vector256<T>>(Parameters.AsSpan(0, WeightCount));
        var dx = MemoryMarshal.Cast<T, Vector256<T>>(gradient);
        for (var k = 0; k < InputVectors; k += 2)
        {
            DenseKernels.InputGradient(
                signals[(rowBlock * BlockOfSignals)..], rowBlocks * BlockOfSignals,
                w[(k * DenseKernels.Outputs)..], OutputBlockVectors, OutputBlocks,
                dx.Slice(k * DenseKernels.Rows, 2 * DenseKernels.Rows));
        }
    }

    /// <summary>Adds the penalties' gradient to that of a strip of W and, given a rule, moves it: what was just computed is still in the cache.</summary>
    internal void FinishWeights(int strip, Penalty penalty, UpdateRule<T>? rule)
    {
        for (var c = 0; c < OutputBlocks; c++)
        {
            var weights = StripOf(Parameters, strip, c);
            var gradient = StripOf(Gradient, strip, c);
            penalty.AddGradient<T>(weights, gradient);
            rule?.Apply(weights, gradient, OffsetOf(strip, c));
        }
    }

    /// <summary>Moves b, which no penalty touches.</summary>
    internal void UpdateBias(UpdateRule<T> rule) => rule.Apply(Parameters.AsSpan(WeightCount), Gradient.AsSpan(WeightCount), WeightCount);

    private Span<T> StripOf(T[] values, int strip, int outputBlock) =>
        values.AsSpan(OffsetOf(strip, outputBlock), DenseKernels.Strip * DenseKernels.Outputs * Width);

    private int OffsetOf(int strip, int outputBlock) => (outputBlock * OutputBlockVectors + strip * DenseKernels.Strip * DenseKernels.Outputs) * Width;
}
