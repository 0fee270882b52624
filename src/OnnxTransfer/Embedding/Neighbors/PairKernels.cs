using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>The contribution of each feature to the sum of a pair of vectors.</summary>
internal interface IPairTerm
{
    static abstract Vector256<float> Add(Vector256<float> query, Vector256<float> row, Vector256<float> sum);
}

/// <summary>The terms of q·r.</summary>
internal readonly struct DotTerm : IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> query, Vector256<float> row, Vector256<float> sum) => Lanes.MultiplyAdd(query, row, sum);
}

/// <summary>The terms of |q - r|². The difference is taken first: |q|² - 2q·r + |r|² would cancel for near vectors.</summary>
internal readonly struct SquaredDifferenceTerm : IPairTerm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> query, Vector256<float> row, Vector256<float> sum)
    {
        var difference = query - row;
        return Lanes.MultiplyAdd(difference, difference, sum);
    }
}

/// <summary>
/// Sums over the features of pairs of vectors, several pairs at a time in the registers. The sum of a pair is 8 running sums, added in one
/// order, in both kernels: its bits depend on the pair alone. Queries are packed, the last vector filled up with zeros.
/// </summary>
internal static class PairKernels
{
    /// <summary>Queries of a block in <see cref="Block"/>.</summary>
    internal const int Queries = 4;

    /// <summary>Rows of a block in <see cref="Block"/>.</summary>
    internal const int Rows = 3;

    /// <summary>Rows that <see cref="One"/> takes at a time: enough chains of additions to keep the units busy.</summary>
    internal const int RowsOfOne = 4;

    /// <summary><c>sums[3][4] = Σ term(q[k][4][8], r[3][k][8])</c>: four queries and three rows.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void Block<TTerm>(
        ReadOnlySpan<Vector256<float>> q, ReadOnlySpan<float> row0, ReadOnlySpan<float> row1, ReadOnlySpan<float> row2, Span<float> sums)
        where TTerm : struct, IPairTerm
    {
        Vector256<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector256<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector256<float> s20 = default, s21 = default, s22 = default, s23 = default;
        var r0 = MemoryMarshal.Cast<float, Vector256<float>>(row0);
        var r1 = MemoryMarshal.Cast<float, Vector256<float>>(row1);
        var r2 = MemoryMarshal.Cast<float, Vector256<float>>(row2);
        var four = q;
        for (var k = 0; k < r0.Length; k++)
        {
            var (a, b, c) = (r0[k], r1[k], r2[k]);
            var query = four[0];
            s00 = TTerm.Add(query, a, s00);
            s10 = TTerm.Add(query, b, s10);
            s20 = TTerm.Add(query, c, s20);
            query = four[1];
            s01 = TTerm.Add(query, a, s01);
            s11 = TTerm.Add(query, b, s11);
            s21 = TTerm.Add(query, c, s21);
            query = four[2];
            s02 = TTerm.Add(query, a, s02);
            s12 = TTerm.Add(query, b, s12);
            s22 = TTerm.Add(query, c, s22);
            query = four[3];
            s03 = TTerm.Add(query, a, s03);
            s13 = TTerm.Add(query, b, s13);
            s23 = TTerm.Add(query, c, s23);
            four = four[Queries..];
        }

        sums = sums[..(Rows * Queries)];
        (sums[0], sums[1], sums[2], sums[3]) = (Lanes.Sum(s00), Lanes.Sum(s01), Lanes.Sum(s02), Lanes.Sum(s03));
        (sums[4], sums[5], sums[6], sums[7]) = (Lanes.Sum(s10), Lanes.Sum(s11), Lanes.Sum(s12), Lanes.Sum(s13));
        (sums[8], sums[9], sums[10], sums[11]) = (Lanes.Sum(s20), Lanes.Sum(s21), Lanes.Sum(s22), Lanes.Sum(s23));
        for (var i = 0; i < four.Length; i++)
        {
            sums[i] += TailSum<TTerm>(four[i], row0);
            sums[i + Queries] += TailSum<TTerm>(four[i], row1);
            sums[i + (2 * Queries)] += TailSum<TTerm>(four[i], row2);
        }
    }

    /// <summary><c>sums[4] = Σ term(q[k][8], r[4][k][8])</c>: one query and four rows.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    internal static void One<TTerm>(
        ReadOnlySpan<Vector256<float>> q, ReadOnlySpan<float> row0, ReadOnlySpan<float> row1, ReadOnlySpan<float> row2, ReadOnlySpan<float> row3, Span<float> sums)
        where TTerm : struct, IPairTerm
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default;
        var r0 = MemoryMarshal.Cast<float, Vector256<float>>(row0);
        var r1 = MemoryMarshal.Cast<float, Vector256<float>>(row1);
        var r2 = MemoryMarshal.Cast<float, Vector256<float>>(row2);
        var r3 = MemoryMarshal.Cast<float, Vector256<float>>(row3);
        for (var k = 0; k < r0.Length; k++)
        {
            var query = q[k];
            s0 = TTerm.Add(query, r0[k], s0);
            s1 = TTerm.Add(query, r1[k], s1);
            s2 = TTerm.Add(query, r2[k], s2);
            s3 = TTerm.Add(query, r3[k], s3);
        }

        sums = sums[..RowsOfOne];
        (sums[0], sums[1], sums[2], sums[3]) = (Lanes.Sum(s0), Lanes.Sum(s1), Lanes.Sum(s2), Lanes.Sum(s3));
        if (q.Length == r0.Length) return;
        sums[0] += TailSum<TTerm>(q[^1], row0);
        sums[1] += TailSum<TTerm>(q[^1], row1);
        sums[2] += TailSum<TTerm>(q[^1], row2);
        sums[3] += TailSum<TTerm>(q[^1], row3);
    }

    private static float TailSum<TTerm>(Vector256<float> query, ReadOnlySpan<float> row)
        where TTerm : struct, IPairTerm => Lanes.Sum(TTerm.Add(query, Tail(row), default));

    /// <summary>The numbers behind the last whole vector, filled up with zeros.</summary>
    internal static Vector256<float> Tail(ReadOnlySpan<float> row)
    {
        Span<float> tail = stackalloc float[Vector256<float>.Count];
        tail.Clear();
        row[(row.Length / Vector256<float>.Count * Vector256<float>.Count)..].CopyTo(tail);
        return Vector256.Create<float>(tail);
    }
}
