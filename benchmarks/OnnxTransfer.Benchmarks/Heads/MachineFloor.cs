using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>What all cores of this machine can do at most, measured: the time no training can go below.</summary>
internal sealed class MachineFloor
{
    private const int Trials = 12;
    private const int Loops = 2_000_000;
    private const int BytesPerThread = 256 << 20;

    private MachineFloor(double flops, double bytesPerSecond) => (Flops, BytesPerSecond) = (flops, bytesPerSecond);

    /// <summary>Float32 operations a second in fused multiply-adds (two each).</summary>
    public double Flops { get; }

    /// <summary>Bytes read from memory a second.</summary>
    public double BytesPerSecond { get; }

    /// <summary>The best of some trials on all cores at once.</summary>
    public static MachineFloor Measure()
    {
        var threads = Environment.ProcessorCount;
        var flops = Enumerable.Range(0, Trials).Max(_ => (double)threads * Loops * 12 * Vector256<float>.Count * 2 / OnAll(threads, _ => MultiplyAdd()));
        var memory = Enumerable.Range(0, threads).Select(_ => new float[BytesPerThread / sizeof(float)]).ToArray();
        foreach (var array in memory) Array.Fill(array, 1f);
        var bytes = Enumerable.Range(0, Trials).Max(_ => (double)threads * BytesPerThread / OnAll(threads, i => Read(memory[i])));
        return new MachineFloor(flops, bytes);
    }

    /// <summary>Bytes a second that all cores read and write back, counted twice, of as many as an optimizer holds: those of a small head never leave the caches.</summary>
    public static double MovedPerSecond(long held)
    {
        var threads = Environment.ProcessorCount;
        var memory = Enumerable.Range(0, threads).Select(_ => new float[held / sizeof(float) / threads]).ToArray();
        var passes = (int)Math.Max(1, BytesPerThread * (long)threads / held);
        return Enumerable.Range(0, Trials).Max(_ => 2.0 * passes * held / OnAll(threads, i => Move(memory[i], passes)));
    }

    private static double OnAll(int threads, Func<int, float> work)
    {
        var clock = Stopwatch.StartNew();
        var kept = new float[threads];
        Parallel.For(0, threads, i => kept[i] = work(i));
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>Twelve chains, more than two units with a latency of four or five can keep busy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float MultiplyAdd()
    {
        var x = Vector256.Create(0.999f);
        var (a, b, c, d, e, f) = (x, x, x, x, x, x);
        var (g, h, i, j, k, l) = (x, x, x, x, x, x);
        for (var n = 0; n < Loops; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, x, x);
            b = Vector256.FusedMultiplyAdd(b, x, x);
            c = Vector256.FusedMultiplyAdd(c, x, x);
            d = Vector256.FusedMultiplyAdd(d, x, x);
            e = Vector256.FusedMultiplyAdd(e, x, x);
            f = Vector256.FusedMultiplyAdd(f, x, x);
            g = Vector256.FusedMultiplyAdd(g, x, x);
            h = Vector256.FusedMultiplyAdd(h, x, x);
            i = Vector256.FusedMultiplyAdd(i, x, x);
            j = Vector256.FusedMultiplyAdd(j, x, x);
            k = Vector256.FusedMultiplyAdd(k, x, x);
            l = Vector256.FusedMultiplyAdd(l, x, x);
        }

        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Read(float[] values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values.AsSpan());
        Vector256<float> a = default, b = default, c = default, d = default;
        for (; vectors.Length >= 4; vectors = vectors[4..])
        {
            a += vectors[0];
            b += vectors[1];
            c += vectors[2];
            d += vectors[3];
        }

        return Vector256.Sum(a + b + c + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Move(float[] values, int passes)
    {
        var one = Vector256<float>.One;
        for (var pass = 0; pass < passes; pass++)
        {
            var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values.AsSpan());
            for (; vectors.Length >= 4; vectors = vectors[4..])
            {
                vectors[0] += one;
                vectors[1] += one;
                vectors[2] += one;
                vectors[3] += one;
            }
        }

        return values[0];
    }
}
