using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training.Kernels;

/// <summary>
/// The parameters of one dense layer in training, in the order the kernels want: W in panels, each a part of D for all
/// outputs, <c>[D/(V·Panel)][C/3][Panel][3][V]</c> (the last panel may be shorter), then b. What the last blocks lack is filled
/// with zeros that stay zero. A panel is one run of memory, and so is a <see cref="WeightPiece"/> of it.
/// </summary>
internal sealed class PackedLayer<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Panels that are multiplied before their sums go to memory: a block of rows then stays in the first-level cache, this part of W in the second.</summary>
    private const int PanelsAtOnce = 8;

    /// <summary>Blocks of outputs whose weights in these panels stay in the second-level cache while rows pass by: 192 KB in float32.</summary>
    private const int OutputBlocksAtOnce = 16;

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
        Panels = (InputVectors + DenseKernels.Panel - 1) / DenseKernels.Panel;
        // Blocks an even number of strips apart begin at few places of a cache that finds its lines by the low address bits, and
        // push each other out; an odd number spreads them.
        RowBlockVectors = (InputVectors / DenseKernels.Strip | 1) * DenseKernels.Strip * DenseKernels.Rows;
        WeightCount = checked(OutputBlocks * InputVectors * DenseKernels.Outputs * Width);
        Parameters = new AlignedArray<T>(WeightCount + (OutputBlocks * DenseKernels.Outputs + Width - 1) / Width * Width);
        Gradient = new AlignedArray<T>(Parameters.Length);
    }

    internal int Inputs { get; }

    internal int Outputs { get; }

    /// <summary>D in vectors, a multiple of <see cref="DenseKernels.Strip"/>.</summary>
    internal int InputVectors { get; }

    /// <summary>D in panels.</summary>
    internal int Panels { get; }

    /// <summary>From one block of rows to the next, in vectors.</summary>
    internal int RowBlockVectors { get; }

    /// <summary>C in blocks.</summary>
    internal int OutputBlocks { get; }

    /// <summary>Where b begins.</summary>
    internal int WeightCount { get; }

    internal AlignedArray<T> Parameters { get; }

    internal AlignedArray<T> Gradient { get; }

    /// <summary>The numbers in a piece of W.</summary>
    internal int LengthOf(WeightPiece piece) => DepthOf(piece.Panel) * DenseKernels.Outputs * (piece.To - piece.From) * Width;

    internal Span<T> GradientOf(WeightPiece piece) => PieceOf(Gradient, piece);

    /// <summary>From a block of W to that of the same outputs in the next panel, in vectors, where both panels are whole.</summary>
    private int PanelStride => DenseKernels.Panel * DenseKernels.Outputs * OutputBlocks;

    internal int WeightIndex(int input, int output)
    {
        var vector = input / Width;
        var within = vector % DenseKernels.Panel * DenseKernels.Outputs + output % DenseKernels.Outputs;
        return (BlockStart(vector / DenseKernels.Panel, output / DenseKernels.Outputs) + within) * Width + input % Width;
    }

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
        for (var c = outputs.Start.Value; c < outputs.End.Value; c++)
        {
            var bias = Parameters.AsSpan(WeightCount + c * DenseKernels.Outputs, DenseKernels.Outputs);
            var z = signals[((c * rowBlocks + rows.Start.Value) * BlockOfSignals)..((c * rowBlocks + rows.End.Value) * BlockOfSignals)];
            for (; z.Length > 0; z = z[DenseKernels.Outputs..]) bias.CopyTo(z);
        }

        var whole = InputVectors / DenseKernels.Panel;
        for (var panel = 0; panel < whole; panel += PanelsAtOnce)
            Forward(inputs, signals, rowBlocks, rows, outputs, panel, Math.Min(PanelsAtOnce, whole - panel) * DenseKernels.Panel);
        if (whole < Panels) Forward(inputs, signals, rowBlocks, rows, outputs, whole, DepthOf(whole));
    }

    /// <summary>
    /// Adds the gradient of some rows to that of a piece of W, <c>dW += xᵀ·g</c>, row after row for any blocking; the first rows begin it.
    /// </summary>
    internal void AddWeightGradient(ReadOnlySpan<T> inputs, ReadOnlySpan<T> signals, int rowBlocks, Range rows, WeightPiece piece, Span<T> gradient)
    {
        if (rows.Start.Value == 0) gradient.Clear();
        var x = MemoryMarshal.Cast<T, Vector256<T>>(inputs)[(piece.Panel * DenseKernels.Panel * DenseKernels.Rows)..];
        var dw = MemoryMarshal.Cast<T, Vector256<T>>(gradient);
        var depth = DepthOf(piece.Panel);
        for (var from = rows.Start.Value; from < rows.End.Value; from += RowBlocks)
        {
            var count = Math.Min(RowBlocks, rows.End.Value - from);
            for (var k = 0; k < depth; k += DenseKernels.Strip)
            {
                var strip = x[(from * RowBlockVectors + k * DenseKernels.Rows)..];
                for (var c = piece.From; c < piece.To; c++)
                {
                    var g = signals.Slice((c * rowBlocks + from) * BlockOfSignals, count * BlockOfSignals);
                    DenseKernels.WeightGradient(strip, RowBlockVectors, g, dw[(((c - piece.From) * depth + k) * DenseKernels.Outputs)..]);
                }
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

    /// <summary>The gradient by the inputs of some blocks of rows: <c>dx = g·Wᵀ</c>, laid out like the inputs. Two vectors of W serve all rows before the next two.</summary>
    internal void InputGradient(ReadOnlySpan<T> signals, int rowBlocks, Range rows, Span<T> gradient)
    {
        var w = MemoryMarshal.Cast<T, Vector256<T>>(Parameters.AsSpan(0, WeightCount));
        var dx = MemoryMarshal.Cast<T, Vector256<T>>(gradient);
        for (var k = 0; k < InputVectors; k += 2)
        {
            var panel = k / DenseKernels.Panel;
            var column = w[(BlockStart(panel, 0) + k % DenseKernels.Panel * DenseKernels.Outputs)..];
            for (var n = rows.Start.Value; n < rows.End.Value; n++)
            {
                DenseKernels.InputGradient(
                    signals[(n * BlockOfSignals)..], rowBlocks * BlockOfSignals, column, DepthOf(panel) * DenseKernels.Outputs, OutputBlocks,
                    dx.Slice(n * RowBlockVectors + k * DenseKernels.Rows, 2 * DenseKernels.Rows));
            }
        }
    }

    /// <summary>Adds the penalties' gradient to that of a piece of W and, given a rule, moves the piece: what was just computed is still in the cache.</summary>
    internal void FinishWeights(WeightPiece piece, Span<T> gradient, Penalty penalty, UpdateRule<T>? rule)
    {
        var weights = PieceOf(Parameters, piece);
        penalty.AddGradient<T>(weights, gradient);
        rule?.Apply(weights, gradient, BlockStart(piece.Panel, piece.From) * Width);
    }

    /// <summary>Moves b, which no penalty touches.</summary>
    internal void UpdateBias(UpdateRule<T> rule) => rule.Apply(Parameters.AsSpan(WeightCount), Gradient.AsSpan(WeightCount), WeightCount);

    /// <summary>Adds to the logits what a few panels, one after the other, contribute: <paramref name="depth"/> vectors in all.</summary>
    private void Forward(ReadOnlySpan<T> inputs, Span<T> signals, int rowBlocks, Range rows, Range outputs, int panel, int depth)
    {
        var x = MemoryMarshal.Cast<T, Vector256<T>>(inputs)[(panel * DenseKernels.Panel * DenseKernels.Rows)..];
        var w = MemoryMarshal.Cast<T, Vector256<T>>(Parameters.AsSpan(0, WeightCount));
        for (var from = outputs.Start.Value; from < outputs.End.Value; from += OutputBlocksAtOnce)
        {
            var to = Math.Min(from + OutputBlocksAtOnce, outputs.End.Value);
            for (var n = rows.Start.Value; n < rows.End.Value; n++)
            {
                var block = x.Slice(n * RowBlockVectors, depth * DenseKernels.Rows);
                for (var c = from; c < to; c++)
                    DenseKernels.Forward(block, w[BlockStart(panel, c)..], PanelStride, signals.Slice((c * rowBlocks + n) * BlockOfSignals, BlockOfSignals));
            }
        }
    }

    private Span<T> PieceOf(AlignedArray<T> values, WeightPiece piece) => values.AsSpan(BlockStart(piece.Panel, piece.From) * Width, LengthOf(piece));

    /// <summary>Vectors of D in a panel.</summary>
    private int DepthOf(int panel) => Math.Min(DenseKernels.Panel, InputVectors - panel * DenseKernels.Panel);

    /// <summary>Where a block of W begins, in vectors.</summary>
    private int BlockStart(int panel, int outputBlock) => panel * PanelStride + outputBlock * DepthOf(panel) * DenseKernels.Outputs;
}
