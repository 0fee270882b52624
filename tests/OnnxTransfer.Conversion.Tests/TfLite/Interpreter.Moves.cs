using OnnxTransfer.Conversion.TfLite;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>Operators that move numbers: each says, for a place in the result, which place of the input it is.</summary>
internal sealed partial class Interpreter
{
    private static int[] Place(int index, int[] shape)
    {
        var at = new int[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            at[axis] = index % shape[axis];
            index /= shape[axis];
        }

        return at;
    }

    private static int Flat(int[] at, int[] shape) => at.Select((p, axis) => (p, axis)).Aggregate(0, (flat, next) => (flat * shape[next.axis]) + next.p);

    private static Real Index(int[] shape, Real x, Func<int[], int[]> source)
    {
        var y = Real.Empty(shape);
        for (var i = 0; i < y.Data.Length; i++) y.Data[i] = x.Data[Flat(source(Place(i, shape)), x.Shape)];
        return y;
    }

    private static int[] Inserted(int[] shape, int axis)
    {
        if (axis < 0) axis += shape.Length + 1;
        return [.. shape.Take(axis), 1, .. shape.Skip(axis)];
    }

    private static Real Transpose(Real x, int[] order) => Index([.. order.Select(a => x.Shape[a])], x, at =>
    {
        var from = new int[at.Length];
        for (var i = 0; i < at.Length; i++) from[order[i]] = at[i];
        return from;
    });

    private static Real Slice(Real x, int[] begin, int[] size) =>
        Index([.. size.Select((s, i) => s < 0 ? x.Shape[i] - begin[i] : s)], x, at => [.. at.Select((p, i) => p + begin[i])]);

    /// <summary>Python's slices: a bit of a mask opens an end or takes one element and drops its axis.</summary>
    private static Real StridedSlice(Real x, int[] begin, int[] end, int[] strides, FlatTable options)
    {
        var (opens, closes, shrinks) = (options.Int32(0), options.Int32(1), options.Int32(4));
        var places = x.Shape.Select((side, axis) =>
        {
            if (axis >= begin.Length) return Enumerable.Range(0, side).ToList();
            if ((shrinks >> axis & 1) == 1) return [begin[axis] < 0 ? begin[axis] + side : begin[axis]];
            var list = new List<int>();
            var step = strides[axis];
            int Bound(int value) => value < 0 ? value + side : value;
            var from = (opens >> axis & 1) == 1 ? (step > 0 ? 0 : side - 1) : Bound(begin[axis]);
            var to = (closes >> axis & 1) == 1 ? (step > 0 ? side : -1) : Bound(end[axis]);
            for (var p = from; step > 0 ? p < to : p > to; p += step)
                if (p >= 0 && p < side) list.Add(p);
            return list;
        }).ToArray();
        var whole = Index([.. places.Select(p => p.Count)], x, at => [.. at.Select((p, i) => places[i][p])]);
        return whole with { Shape = [.. whole.Shape.Where((_, axis) => axis >= begin.Length || (shrinks >> axis & 1) == 0)] };
    }

    private Real[] Parts(TfLiteOperator op)
    {
        var x = Value(op, op.Code == TfLiteOp.Split ? 1 : 0);
        var axis = op.Code switch { TfLiteOp.Split => Numbers(op, 0)[0], TfLiteOp.SplitV => Numbers(op, 2)[0], _ => op.Options!.Value.Int32(1) };
        if (axis < 0) axis += x.Shape.Length;
        var sizes = op.Code == TfLiteOp.SplitV ? Numbers(op, 1) : [.. op.Outputs.Select(_ => x.Shape[axis] / op.Outputs.Length)];
        var from = 0;
        return [.. sizes.Select(size =>
        {
            var start = from;
            from += size;
            var part = Index([.. x.Shape.Select((side, i) => i == axis ? size : side)], x, at => [.. at.Select((p, i) => i == axis ? p + start : p)]);
            return op.Code == TfLiteOp.Unpack ? part with { Shape = [.. part.Shape.Where((_, i) => i != axis)] } : part;
        })];
    }

    private static Real Gather(Real x, Real indices, int axis) =>
        Index([.. x.Shape.Take(axis), .. indices.Shape, .. x.Shape.Skip(axis + 1)], x, at =>
            [.. at.Take(axis), (int)indices.Data[Flat([.. at.Skip(axis).Take(indices.Shape.Length)], indices.Shape)], .. at.Skip(axis + indices.Shape.Length)]);

    private static Real MirrorPad(Real x, int[] pads) =>
        Index([.. x.Shape.Select((side, i) => side + pads[2 * i] + pads[(2 * i) + 1])], x, at => [.. at.Select((p, i) => Math.Abs(p - pads[2 * i]) is var q && q >= x.Shape[i] ? (2 * (x.Shape[i] - 1)) - q : q)]);

    private static Real SpaceToBatch(Real x, int[] block, int[] pads)
    {
        var padded = Pad(x, [0, 0, .. pads, 0, 0]);
        return Index([x.Shape[0] * block[0] * block[1], padded.Shape[1] / block[0], padded.Shape[2] / block[1], x.Shape[3]], padded, at =>
        {
            var (cut, image) = (at[0] / x.Shape[0], at[0] % x.Shape[0]);
            return [image, (at[1] * block[0]) + (cut / block[1]), (at[2] * block[1]) + (cut % block[1]), at[3]];
        });
    }

    private static Real BatchToSpace(Real x, int[] block, int[] crops)
    {
        var images = x.Shape[0] / (block[0] * block[1]);
        return Index([images, (x.Shape[1] * block[0]) - crops[0] - crops[1], (x.Shape[2] * block[1]) - crops[2] - crops[3], x.Shape[3]], x, at =>
        {
            var (row, column) = (at[1] + crops[0], at[2] + crops[2]);
            return [((((row % block[0]) * block[1]) + (column % block[1])) * images) + at[0], row / block[0], column / block[1], at[3]];
        });
    }

    private static Real SpaceToDepth(Real x, int block) => Index([x.Shape[0], x.Shape[1] / block, x.Shape[2] / block, x.Shape[3] * block * block], x, at =>
    {
        var cut = at[3] / x.Shape[3];
        return [at[0], (at[1] * block) + (cut / block), (at[2] * block) + (cut % block), at[3] % x.Shape[3]];
    });

    private static Real DepthToSpace(Real x, int block)
    {
        var depth = x.Shape[3] / (block * block);
        return Index([x.Shape[0], x.Shape[1] * block, x.Shape[2] * block, depth], x, at =>
            [at[0], at[1] / block, at[2] / block, ((((at[1] % block) * block) + (at[2] % block)) * depth) + at[3]]);
    }

    /// <summary>Every input pixel adds its filters around its place in the result.</summary>
    private Real TransposedConvolution(TfLiteOperator op, bool same, int strideV, int strideH)
    {
        var (size, w, x) = (Numbers(op, 0), Value(op, 1), Value(op, 2));
        var y = Real.Empty(x.Shape[0], size[1], size[2], w.Shape[0]);
        if (op.Inputs.Length > 3 && op.Inputs[3] >= 0)
            for (var i = 0; i < y.Data.Length; i++) y.Data[i] = Value(op, 3).Data[i % w.Shape[0]];
        int Before(int result, int kernel, int stride) => same ? Math.Max(0, (((int)Math.Ceiling((double)result / stride) - 1) * stride) + kernel - result) / 2 : 0;
        var (top, left) = (Before(size[1], w.Shape[1], strideV), Before(size[2], w.Shape[2], strideH));
        for (var i = 0; i < x.Data.Length; i++)
        {
            var at = Place(i, x.Shape);
            for (var o = 0; o < w.Shape[0]; o++)
                for (var a = 0; a < w.Shape[1]; a++)
                    for (var b = 0; b < w.Shape[2]; b++)
                    {
                        var (row, column) = ((at[1] * strideV) - top + a, (at[2] * strideH) - left + b);
                        if (row < 0 || row >= size[1] || column < 0 || column >= size[2]) continue;
                        y.Data[At(y, at[0], row, column, o)] += x.Data[i] * w.Data[Flat([o, a, b, at[3]], w.Shape)];
                    }
        }

        return y;
    }

    private static Real MatMul(Real x, Real y, bool turnX, bool turnY)
    {
        var rank = Math.Max(x.Shape.Length, y.Shape.Length);
        int[] Axes(int[] shape, bool turn) => turn ? [.. shape[..^2], shape[^1], shape[^2]] : shape;
        int[] Full(int[] shape) => [.. Enumerable.Repeat(1, rank - shape.Length), .. shape];
        var (a, b) = (Full(Axes(x.Shape, turnX)), Full(Axes(y.Shape, turnY)));
        var result = Real.Empty([.. a[..^2].Zip(b[..^2], Math.Max), a[^2], b[^1]]);
        for (var i = 0; i < result.Data.Length; i++)
        {
            var at = Place(i, result.Shape);
            int[] Lead(int[] shape) => [.. at[..^2].Select((p, axis) => shape[axis] == 1 ? 0 : p)];
            for (var k = 0; k < a[^1]; k++)
            {
                int[] left = [.. Lead(a), .. turnX ? (int[])[k, at[^2]] : [at[^2], k]], right = [.. Lead(b), .. turnY ? (int[])[at[^1], k] : [k, at[^1]]];
                result.Data[i] += x.Data[Flat(left, Full(x.Shape))] * y.Data[Flat(right, Full(y.Shape))];
            }
        }

        return result;
    }

    private static Real LocalResponse(Real x, int radius, double bias, double alpha, double beta) => x with
    {
        Data = [.. x.Data.Chunk(x.Shape[^1]).SelectMany(row => row.Select((v, c) =>
            v / Math.Pow(bias + (alpha * row.Where((_, i) => Math.Abs(i - c) <= radius).Sum(r => r * r)), beta)))],
    };

    /// <summary>The share of a standard normal below v, by Simpson's rule from zero: no series and no table to share with anything.</summary>
    private static double Normal(double v)
    {
        const int steps = 2000;
        double Density(double t) => Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI);
        var h = v / steps;
        var sum = Density(0) + Density(v);
        for (var i = 1; i < steps; i++) sum += Density(i * h) * (i % 2 == 1 ? 4 : 2);
        return 0.5 + (sum * h / 3);
    }
}
