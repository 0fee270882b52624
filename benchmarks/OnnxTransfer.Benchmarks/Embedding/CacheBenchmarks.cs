using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embedding.Caching;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>Vectors of 1280 numbers into and out of the cache, per vector: 20 microseconds are 50,000 a second.</summary>
public class CacheBenchmarks
{
    private const int Vectors = 20_000;
    private const int Dim = 1280;

    private static readonly CacheSpace s_space = new("benchmark", "benchmark", Dim);

    private readonly string _folder = Directory.CreateTempSubdirectory("onnxtransfer-cache-").FullName;
    private readonly byte[][] _keys = new byte[Vectors][];
    private readonly float[] _row = [.. Enumerable.Range(0, Dim).Select(d => MathF.Sin(d))];
    private CachedRows _rows = null!;
    private int _added;

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        for (var i = 0; i < Vectors; i++) random.NextBytes(_keys[i] = new byte[32]);
        using (var rows = new FeatureCache(_folder).Open(s_space))
        {
            foreach (var key in _keys) rows.Add(key, _row);
        }

        // In another order than they were written in.
        random.Shuffle(_keys);
        _rows = new FeatureCache(_folder).Open(s_space);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _rows.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = Vectors)]
    public int FindOnOneThread() => _keys.Count(key => _rows.Find(key) is not null);

    [Benchmark(OperationsPerInvoke = Vectors)]
    public int FindOnAllCores() => _keys.AsParallel().Count(key => _rows.Find(key) is not null);

    [Benchmark(OperationsPerInvoke = 1024)]
    public void Add()
    {
        for (var i = 0; i < 1024; i++)
        {
            var key = new byte[32];
            BitConverter.TryWriteBytes(key, _added++);
            _rows.Add(key, _row);
        }
    }
}
