using BenchmarkDotNet.Attributes;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>Files to feature vectors of MobileNetV2 on all cores, per image, at several batch sizes.</summary>
[MemoryDiagnoser]
public class EmbedBenchmarks
{
    private FeatureExtractor _extractor = null!;
    private IReadOnlyList<string> _paths = [];

    [Params(1, 8, 32)]
    public int BatchSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _extractor = MobileNet.Open();
        _paths = Photos.SmallPaths();
    }

    [GlobalCleanup]
    public void Cleanup() => _extractor.Dispose();

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public async Task<int> Many() => (await _extractor.EmbedAsync(_paths, BatchSize)).Features.RowCount;
}

/// <summary>One file after the other, each on all cores: what a caller waits for.</summary>
public class EmbedOneBenchmarks
{
    private FeatureExtractor _extractor = null!;
    private IReadOnlyList<string> _paths = [];

    [GlobalSetup]
    public void Setup()
    {
        _extractor = MobileNet.Open();
        _paths = Photos.SmallPaths();
    }

    [GlobalCleanup]
    public void Cleanup() => _extractor.Dispose();

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public float One()
    {
        var sum = 0f;
        foreach (var path in _paths) sum += _extractor.Embed(path)[0];
        return sum;
    }
}
