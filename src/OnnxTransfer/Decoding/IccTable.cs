using System.Runtime.Intrinsics;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// A table from device colors to the connection space, as in profiles of presses, scanners and printers: <c>lut8Type</c>, <c>lut16Type</c>
/// and <c>lutAToBType</c> (ICC.1:2022, 10.10 to 10.12). It interpolates between its nodes in tetrahedra, as Little CMS does, which keeps
/// grays gray. With four channels, the first channel is interpolated linearly between two such results.
/// </summary>
internal sealed class IccTable
{
    /// <summary>The steps of a sampled curve after the table; values between the steps are interpolated.</summary>
    private const int CurveSteps = 4096;

    private readonly IccCurve[] _input;
    private readonly int[] _grid;

    /// <summary>The distance in nodes to the next neighbor along each channel.</summary>
    private readonly int[] _strides;

    private readonly Vector128<float>[] _nodes;

    /// <summary>Curves and a matrix after the nodes; null if they change nothing.</summary>
    private readonly IccCurve[]? _middle, _output;
    private readonly double[]? _matrix;

    private readonly Pcs _pcs;

    private IccTable(IccCurve[] input, int[] grid, Vector128<float>[] nodes, IccCurve[]? middle, double[]? matrix, IccCurve[]? output, Pcs pcs)
    {
        (_input, _grid, _nodes, _middle, _matrix, _output, _pcs) = (input, grid, nodes, Faster(middle), matrix, Faster(output), pcs);
        _strides = new int[grid.Length];
        for (int i = grid.Length - 1, stride = 1; i >= 0; stride *= grid[i--]) _strides[i] = stride;
    }

    /// <summary>The encoding of a color in the numbers of the table.</summary>
    private enum Pcs
    {
        Xyz,
        Lab,

        /// <summary>The encoding of <c>lut16Type</c>, with 0xFF00 instead of 0xFFFF as the greatest value.</summary>
        Lab16,
    }

    /// <summary>Reads a table; null if it is damaged or has another number of channels.</summary>
    internal static IccTable? Read(ReadOnlySpan<byte> tag, int colors, bool isLab)
    {
        if (tag.Length < 32 || tag[8] != colors || tag[9] != 3) return null;
        var kind = tag[..4];
        if (kind.SequenceEqual("mft1"u8)) return ReadPlain(tag, colors, 1, 256, 256, 48, isLab ? Pcs.Lab : Pcs.Xyz);
        if (kind.SequenceEqual("mft2"u8) && tag.Length >= 52)
            return ReadPlain(tag, colors, 2, ReadUInt16BigEndian(tag[48..]), ReadUInt16BigEndian(tag[50..]), 52, isLab ? Pcs.Lab16 : Pcs.Xyz);
        return kind.SequenceEqual("mAB "u8) ? ReadStages(tag, colors, isLab ? Pcs.Lab : Pcs.Xyz) : null;
    }

    /// <summary>The values of the input curves at even steps from 0 to 1, <c>[channels][count]</c>.</summary>
    internal float[][] SampleInput(int count) => [.. _input.Select(curve => curve.Sample(count))];

    /// <summary>The XYZ of a color; the white point D50 is 0.9642, 1 and 0.8249.</summary>
    /// <param name="at">The channels after the input curves, 0 to 1.</param>
    internal (double X, double Y, double Z) ToXyz(ReadOnlySpan<float> at)
    {
        var node = Interpolate(at);
        double a = node[0], b = node[1], c = node[2];
        if (_middle is not null) (a, b, c) = (_middle[0].At(a), _middle[1].At(b), _middle[2].At(c));
        if (_matrix is { } m)
        {
            (a, b, c) = ((m[0] * a) + (m[1] * b) + (m[2] * c) + m[9], (m[3] * a) + (m[4] * b) + (m[5] * c) + m[10],
                (m[6] * a) + (m[7] * b) + (m[8] * c) + m[11]);
        }

        if (_output is not null) (a, b, c) = (_output[0].At(a), _output[1].At(b), _output[2].At(c));
        const double xyz = 65535 / 32768.0, lab16 = 65535 / 65280.0;
        return _pcs switch
        {
            Pcs.Xyz => (a * xyz, b * xyz, c * xyz),
            Pcs.Lab => IccLab.ToXyz(100 * a, (255 * b) - 128, (255 * c) - 128),
            _ => IccLab.ToXyz(100 * lab16 * a, (255 * lab16 * b) - 128, (255 * lab16 * c) - 128),
        };
    }

    private Vector128<float> Interpolate(ReadOnlySpan<float> at)
    {
        if (at.Length == 1)
        {
            var (from, step) = Cell(at[0], 0, out var part);
            return _nodes[from] + ((_nodes[from + step] - _nodes[from]) * part);
        }

        if (at.Length == 3) return Tetrahedron(0, at, 0);
        var (first, next) = Cell(at[0], 0, out var between);
        var low = Tetrahedron(first, at[1..], 1);
        return next == 0 ? low : low + ((Tetrahedron(first + next, at[1..], 1) - low) * between);
    }

    /// <summary>
    /// Interpolates from the lowest corner of a cell to its highest along the edges, beginning with the channel with the largest fraction.
    /// </summary>
    private Vector128<float> Tetrahedron(int origin, ReadOnlySpan<float> at, int axis)
    {
        var (x0, dx) = Cell(at[0], axis, out var x);
        var (y0, dy) = Cell(at[1], axis + 1, out var y);
        var (z0, dz) = Cell(at[2], axis + 2, out var z);
        if (y > x) (x, y, dx, dy) = (y, x, dy, dx);
        if (z > y) (y, z, dy, dz) = (z, y, dz, dy);
        if (y > x) (x, y, dx, dy) = (y, x, dy, dx);

        var a = origin + x0 + y0 + z0;
        var (b, c, d) = (a + dx, a + dx + dy, a + dx + dy + dz);
        return (_nodes[a] * (1 - x)) + (_nodes[b] * (x - y)) + (_nodes[c] * (y - z)) + (_nodes[d] * z);
    }

    /// <summary>The first node of a channel's cell, the distance to its next node, and the position of the value between them.</summary>
    private (int Node, int Step) Cell(float value, int axis, out float part)
    {
        var at = Math.Clamp(value, 0, 1) * (_grid[axis] - 1);
        var lower = Math.Min((int)at, Math.Max(0, _grid[axis] - 2));
        part = at - lower;
        return (lower * _strides[axis], _grid[axis] == 1 ? 0 : _strides[axis]);
    }

    private static IccTable? ReadPlain(ReadOnlySpan<byte> tag, int colors, int width, int inputs, int outputs, int start, Pcs pcs)
    {
        // A matrix before the curves applies only to XYZ input, which images do not use.
        var grid = Enumerable.Repeat((int)tag[10], colors).ToArray();
        if (Nodes(grid, (tag.Length - start) / (3 * width)) is not { } nodes || inputs < 2 || outputs < 2) return null;
        if (start + ((long)width * ((colors * inputs) + (3L * nodes) + (3 * outputs))) > tag.Length) return null;
        var rest = tag[start..];
        var input = Curves(ref rest, colors, inputs, width);
        var table = Table(rest, nodes, width);
        rest = rest[(3 * nodes * width)..];
        return new IccTable(input, grid, table, null, null, Curves(ref rest, 3, outputs, width), pcs);
    }

    private static IccTable? ReadStages(ReadOnlySpan<byte> tag, int colors, Pcs pcs)
    {
        if (!TryCurves(tag, ReadUInt32BigEndian(tag[12..]), 3, out var output) || output is null) return null;
        if (!TryMatrix(tag, ReadUInt32BigEndian(tag[16..]), out var matrix)) return null;
        if (!TryCurves(tag, ReadUInt32BigEndian(tag[20..]), 3, out var middle)) return null;
        if (!TryCurves(tag, ReadUInt32BigEndian(tag[28..]), colors, out var input)) return null;
        var at = ReadUInt32BigEndian(tag[24..]);
        if (at == 0)
        {
            // Without a table, all stages have three channels. A table that changes nothing keeps one code path.
            if (colors != 3) return null;
            var corners = Enumerable.Range(0, 8).Select(i => Vector128.Create((float)(i >> 2), (i >> 1) & 1, i & 1, 0)).ToArray();
            return new IccTable(input ?? Straight(3), [2, 2, 2], corners, middle, matrix, output, pcs);
        }

        if (at > (uint)tag.Length - 20 || tag.Length < 20 || tag[(int)at + 16] is not (1 or 2)) return null;
        var width = tag[(int)at + 16];
        var grid = tag.Slice((int)at, colors).ToArray().Select(side => (int)side).ToArray();
        var values = tag[((int)at + 20)..];
        if (Nodes(grid, values.Length / (3 * width)) is not { } nodes) return null;
        return new IccTable(input ?? Straight(colors), grid, Table(values, nodes, width), middle, matrix, output, pcs);
    }

    private static IccCurve[] Straight(int count) => [.. Enumerable.Repeat(new IccCurve([0, 1]), count)];

    /// <summary>The number of nodes; null if there are none, or more than the file can hold.</summary>
    private static int? Nodes(int[] grid, int most)
    {
        var nodes = 1L;
        foreach (var side in grid)
        {
            nodes *= side;
            if (nodes == 0 || nodes > most) return null;
        }

        return (int)nodes;
    }

    private static Vector128<float>[] Table(ReadOnlySpan<byte> values, int nodes, int width)
    {
        var table = new Vector128<float>[nodes];
        for (var i = 0; i < nodes; i++)
            table[i] = Vector128.Create(Value(values, 3 * i, width), Value(values, (3 * i) + 1, width), Value(values, (3 * i) + 2, width), 0);
        return table;
    }

    private static float Value(ReadOnlySpan<byte> values, int i, int width) => width == 1 ? values[i] / 255f : ReadUInt16BigEndian(values[(2 * i)..]) / 65535f;

    private static IccCurve[] Curves(ref ReadOnlySpan<byte> rest, int count, int entries, int width)
    {
        var curves = new IccCurve[count];
        for (var c = 0; c < count; c++)
        {
            var table = new float[entries];
            for (var i = 0; i < entries; i++) table[i] = Value(rest, (c * entries) + i, width);
            curves[c] = new IccCurve(table);
        }

        rest = rest[(count * entries * width)..];
        return curves;
    }

    /// <summary>Reads consecutive curves, each at a multiple of four bytes; null if the offset is 0.</summary>
    private static bool TryCurves(ReadOnlySpan<byte> tag, uint at, int count, out IccCurve[]? curves)
    {
        curves = null;
        if (at == 0) return true;
        var read = new IccCurve[count];
        for (var i = 0; i < count; i++)
        {
            if (at > (uint)tag.Length || IccCurve.Read(tag[(int)at..], out var length) is not { } curve) return false;
            read[i] = curve;
            at += (uint)(length + 3) & ~3u;
        }

        curves = read;
        return true;
    }

    private static bool TryMatrix(ReadOnlySpan<byte> tag, uint at, out double[]? matrix)
    {
        matrix = null;
        if (at == 0) return true;
        if (at > (uint)tag.Length || tag.Length - at < 48) return false;
        matrix = new double[12];
        for (var i = 0; i < 12; i++) matrix[i] = IccTags.Fixed(tag[((int)at + (4 * i))..]);
        return true;
    }

    /// <summary>The curves as tables, which are faster than powers; null if they change nothing.</summary>
    private static IccCurve[]? Faster(IccCurve[]? curves) =>
        curves is null || curves.All(curve => Enumerable.Range(0, 256).All(i => Math.Abs(curve.At(i / 255.0) - (i / 255.0)) < 1e-5))
            ? null
            : [.. curves.Select(curve => new IccCurve(curve.Sample(CurveSteps + 1)))];
}
