using OnnxTransfer.Conversion.TfLite;

namespace OnnxTransfer.Conversion.Tests.TfLite;

internal sealed partial class Interpreter
{
    private static int At(Real x, int n, int h, int w, int c) => (((((n * x.Shape[1]) + h) * x.Shape[2]) + w) * x.Shape[3]) + c;

    /// <summary>Positions of a window along one side, and the padding before the first pixel.</summary>
    private static (int Count, int Before) Positions(int size, int reach, int stride, bool same)
    {
        if (!same) return ((size - reach) / stride + 1, 0);
        var count = (int)Math.Ceiling((double)size / stride);
        return (count, Math.Max(0, ((count - 1) * stride) + reach - size) / 2);
    }

    private Real Convolution(TfLiteOperator op, bool same, (int V, int H) stride, (int V, int H) dilation, bool depthwise)
    {
        var (x, w) = (Value(op, 0), Value(op, 1));
        var bias = op.Inputs.Length > 2 && op.Inputs[2] >= 0 ? Value(op, 2).Data : null;
        var (kh, kw) = (w.Shape[1], w.Shape[2]);
        var outputs = depthwise ? w.Shape[3] : w.Shape[0];
        var (height, top) = Positions(x.Shape[1], ((kh - 1) * dilation.V) + 1, stride.V, same);
        var (width, left) = Positions(x.Shape[2], ((kw - 1) * dilation.H) + 1, stride.H, same);
        var y = Real.Empty(x.Shape[0], height, width, outputs);
        var depth = w.Shape[3];
        for (var n = 0; n < x.Shape[0]; n++)
            for (var i = 0; i < height; i++)
                for (var j = 0; j < width; j++)
                    for (var o = 0; o < outputs; o++)
                    {
                        var sum = bias?[o] ?? 0;
                        for (var a = 0; a < kh; a++)
                            for (var b = 0; b < kw; b++)
                            {
                                var (row, column) = ((i * stride.V) - top + (a * dilation.V), (j * stride.H) - left + (b * dilation.H));
                                if (row < 0 || row >= x.Shape[1] || column < 0 || column >= x.Shape[2]) continue;
                                if (depthwise)
                                {
                                    sum += x.Data[At(x, n, row, column, o / (outputs / x.Shape[3]))] * w.Data[At(w, 0, a, b, o)];
                                    continue;
                                }

                                // Grouped when the filters are less deep than the image.
                                var (from, weight) = (At(x, n, row, column, o / (outputs / (x.Shape[3] / depth)) * depth), At(w, o, a, b, 0));
                                for (var c = 0; c < depth; c++) sum += x.Data[from + c] * w.Data[weight + c];
                            }

                        y.Data[At(y, n, i, j, o)] = sum;
                    }

        return y;
    }

    private static Real Pool(Real x, bool max, bool same, (int V, int H) kernel, (int V, int H) stride)
    {
        var (height, top) = Positions(x.Shape[1], kernel.V, stride.V, same);
        var (width, left) = Positions(x.Shape[2], kernel.H, stride.H, same);
        var y = Real.Empty(x.Shape[0], height, width, x.Shape[3]);
        for (var n = 0; n < x.Shape[0]; n++)
            for (var i = 0; i < height; i++)
                for (var j = 0; j < width; j++)
                    for (var c = 0; c < x.Shape[3]; c++)
                    {
                        var seen = new List<double>();
                        for (var row = Math.Max(0, (i * stride.V) - top); row < Math.Min(x.Shape[1], (i * stride.V) - top + kernel.V); row++)
                            for (var column = Math.Max(0, (j * stride.H) - left); column < Math.Min(x.Shape[2], (j * stride.H) - left + kernel.H); column++)
                                seen.Add(x.Data[At(x, n, row, column, c)]);
                        y.Data[At(y, n, i, j, c)] = max ? seen.Max() : seen.Average();
                    }

        return y;
    }

    private Real FullyConnected(TfLiteOperator op, bool keepAxes)
    {
        var (x, w) = (Value(op, 0), Value(op, 1));
        var bias = op.Inputs.Length > 2 && op.Inputs[2] >= 0 ? Value(op, 2).Data : null;
        var (outputs, depth) = (w.Shape[0], w.Shape[1]);
        var rows = x.Data.Length / depth;
        var y = Real.Empty(keepAxes ? [.. x.Shape[..^1], outputs] : [rows, outputs]);
        for (var r = 0; r < rows; r++)
            for (var o = 0; o < outputs; o++)
                y.Data[(r * outputs) + o] = (bias?[o] ?? 0) + Enumerable.Range(0, depth).Sum(d => x.Data[(r * depth) + d] * w.Data[(o * depth) + d]);
        return y;
    }

    private static Real Binary(Real x, Real y, Func<double, double, double> f)
    {
        var rank = Math.Max(x.Shape.Length, y.Shape.Length);
        int[] Padded(Real r) => [.. Enumerable.Repeat(1, rank - r.Shape.Length), .. r.Shape];
        var (a, b) = (Padded(x), Padded(y));
        var result = Real.Empty([.. a.Zip(b, Math.Max)]);
        for (var i = 0; i < result.Data.Length; i++)
            result.Data[i] = f(x.Data[Source(i, result.Shape, a)], y.Data[Source(i, result.Shape, b)]);
        return result;
    }

    /// <summary>The flat index in a tensor whose axes of size one are stretched.</summary>
    private static int Source(int index, int[] shape, int[] own)
    {
        var (source, stride) = (0, 1);
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            source += (own[axis] == 1 ? 0 : index % shape[axis]) * stride;
            stride *= own[axis];
            index /= shape[axis];
        }

        return source;
    }

    private static Real Softmax(Real x, float beta)
    {
        var depth = x.Shape[^1];
        var rows = x.Data.Chunk(depth).Select(row => row.Select(v => Math.Exp(beta * (v - row.Max()))).ToArray());
        return x with { Data = [.. rows.SelectMany(e => e.Select(v => v / e.Sum()))] };
    }

    private static Real Reduce(Real x, int[] axes, bool keep, Func<List<double>, double> f)
    {
        var reduced = axes.Select(a => a < 0 ? a + x.Shape.Length : a).ToHashSet();
        int[] kept = [.. x.Shape.Select((side, i) => reduced.Contains(i) ? 1 : side)];
        var y = Real.Empty(kept);
        var groups = y.Data.Select(_ => new List<double>()).ToArray();
        for (var i = 0; i < x.Data.Length; i++) groups[Source(i, x.Shape, kept)].Add(x.Data[i]);
        y = y with { Data = [.. groups.Select(f)] };
        return keep ? y : y with { Shape = [.. x.Shape.Where((_, i) => !reduced.Contains(i))] };
    }

    private static Real Concatenation(Real[] parts, int axis)
    {
        if (axis < 0) axis += parts[0].Shape.Length;
        var shape = (int[])parts[0].Shape.Clone();
        shape[axis] = parts.Sum(p => p.Shape[axis]);
        var outer = shape.Take(axis).Aggregate(1, (product, side) => product * side);
        var chunks = parts.Select(p => p.Data.Chunk(p.Data.Length / outer).ToArray()).ToArray();
        return new Real([.. Enumerable.Range(0, outer).SelectMany(i => chunks.SelectMany(c => c[i]))], shape);
    }

    private static Real Pad(Real x, int[] pads, double value = 0)
    {
        var y = Real.Empty([.. x.Shape.Select((side, i) => side + pads[2 * i] + pads[(2 * i) + 1])]);
        Array.Fill(y.Data, value);
        for (var i = 0; i < x.Data.Length; i++)
        {
            var (rest, target, stride) = (i, 0, 1);
            for (var axis = x.Shape.Length - 1; axis >= 0; axis--)
            {
                target += ((rest % x.Shape[axis]) + pads[2 * axis]) * stride;
                stride *= y.Shape[axis];
                rest /= x.Shape[axis];
            }

            y.Data[target] = x.Data[i];
        }

        return y;
    }

    private static Real Resize(Real x, int[] size, bool corners, bool centers, bool bilinear)
    {
        var y = Real.Empty(x.Shape[0], size[0], size[1], x.Shape[3]);
        double Place(int to, int from, int count)
        {
            if (corners && count > 1) return to * (double)(from - 1) / (count - 1);
            var scale = (double)from / count;
            return centers ? ((to + 0.5) * scale) - (bilinear ? 0.5 : 0) : to * scale;
        }

        for (var n = 0; n < x.Shape[0]; n++)
            for (var i = 0; i < size[0]; i++)
                for (var j = 0; j < size[1]; j++)
                    for (var c = 0; c < x.Shape[3]; c++)
                    {
                        var (v, h) = (Place(i, x.Shape[1], size[0]), Place(j, x.Shape[2], size[1]));
                        double Pixel(int row, int column) => x.Data[At(x, n, Math.Clamp(row, 0, x.Shape[1] - 1), Math.Clamp(column, 0, x.Shape[2] - 1), c)];
                        if (!bilinear)
                        {
                            y.Data[At(y, n, i, j, c)] = corners ? Pixel((int)Math.Round(v, MidpointRounding.AwayFromZero), (int)Math.Round(h, MidpointRounding.AwayFromZero)) : Pixel((int)Math.Floor(v), (int)Math.Floor(h));
                            continue;
                        }

                        (v, h) = (Math.Max(v, 0), Math.Max(h, 0));
                        var (top, left) = ((int)v, (int)h);
                        var (fv, fh) = (v - top, h - left);
                        y.Data[At(y, n, i, j, c)] = ((1 - fv) * (((1 - fh) * Pixel(top, left)) + (fh * Pixel(top, left + 1))))
                            + (fv * (((1 - fh) * Pixel(top + 1, left)) + (fh * Pixel(top + 1, left + 1))));
                    }

        return y;
    }
}
