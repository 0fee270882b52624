using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training.Kernels;

/// <summary>
/// The parameters of one dense layer in training, in the order the kernels want: W in panels, each a part of D for all
/// outputs, <c>[D/(V·Panel)][C/3][Panel][3][V]</c> (the last panel may be shorter), then b. What the last blocks lack is filled
/// with zeros that stay zero. A panel is one run of memory, and so is a strip of one block of outputs in it.
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    /// Adds the gradient of some rows to that of one panel of W, <c>dW += xᵀ·g</c>, row after row for any blocking; the first rows begin it.
    /// The batch's last rows end it: the penalties' gradient is added and, given a rule, the weights move. Both happen strip by strip, in
    /// the order of the weights in memory: the processor divides for one strip while it multiplies for the next, loads weights and moments
    /// ahead, and a gradient that is used up at once never goes to memory.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void WeightGradient(ReadOnlySpan<T> inputs, ReadOnlySpan<T> signals, int rowBlocks, Range rows, int panel, Penalty penalty, UpdateRule<T>? rule)
    {
        var x = MemoryMarshal.Cast<T, Vector256<T>>(inputs)[(panel * DenseKernels.Panel * DenseKernels.Rows)..];
        var depth = DepthOf(panel);
        Span<Vector256<T>> strip = stackalloc Vector256<T>[DenseKernels.Strip * DenseKernels.Outputs];
        for (var from = rows.Start.Value; from < rows.End.Value; from += RowBlocks)
        {
            var count = Math.Min(RowBlocks, rows.End.Value - from);
            var (begins, ends) = (from == 0, from + count == rowBlocks);
            for (var c = 0; c < OutputBlocks; c++)
            {
                for (var k = 0; k < depth; k += DenseKernels.Strip)
                {
                    var block = x[(from * RowBlockVectors + k * DenseKernels.Rows)..];
                    var at = (BlockStart(panel, c) + k * DenseKernels.Outputs) * Width;
                    var gradient = begins && ends && rule is not null ? strip : MemoryMarshal.Cast<T, Vector256<T>>(Gradient.AsSpan(at, strip.Length * Width));
                    if (begins) gradient.Clear();
                    DenseKernels.WeightGradient(block, RowBlockVectors, signals.Slice((c * rowBlocks + from) * BlockOfSignals, count * BlockOfSignals), gradient);
                    if (!ends) continue;
                    var weights = Parameters.AsSpan(at, strip.Length * Width);
                    penalty.AddGradient(weights, MemoryMarshal.Cast<Vector256<T>, T>(gradient));
                    rule?.Apply(weights, MemoryMarshal.Cast<Vector256<T>, T>(gradient), at);
                }
            }
        }
    }

    /// <summary>The gradient of b: <c>db = 1ᵀ·g</c>, every fourth row for itself, then the four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Moves b, which no penalty touches.</summary>
    internal void UpdateBias(UpdateRule<T> rule) => rule.Apply(Parameters.AsSpan(WeightCount), Gradient.AsSpan(WeightCount), WeightCount);

    /// <summary>Adds to the logits what a few panels, one after the other, contribute: <paramref name="depth"/> vectors in all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

    /// <summary>Vectors of D in a panel.</summary>
    private int DepthOf(int panel) => Math.Min(DenseKernels.Panel, InputVectors - panel * DenseKernels.Panel);

    /// <summary>Where a block of W begins, in vectors.</summary>
    private int BlockStart(int panel, int outputBlock) => panel * PanelStride + outputBlock * DepthOf(panel) * DenseKernels.Outputs;
}
