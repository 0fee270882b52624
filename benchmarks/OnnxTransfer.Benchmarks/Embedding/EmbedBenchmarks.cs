using BenchmarkDotNet.Attributes;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>Files to feature vectors of MobileNetV2 on all cores, per image, at several batch sizes.</summary>
[MemoryDiagnoser]
public class EmbedBenchmarks : EmbedSetup
{
    [Params(1, 8, 32)]
    public int BatchSize { get; set; }

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public async Task<int> Many() => (await Extractor.EmbedAsync(ImageInput.FromFiles(Paths), BatchSize)).Features.RowCount;
}

/// <summary>One file after the other, each on all cores: what a caller waits for.</summary>
public class EmbedOneBenchmarks : EmbedSetup
{
    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public float One()
    {
        var sum = 0f;
        foreach (var path in Paths) sum += Extractor.Embed(path)[0];
        return sum;
    }
}

/// <summary>The network and the photos.</summary>
public abstract class EmbedSetup
{
    private protected FeatureExtractor Extractor { get; private set; } = null!;

    private protected IReadOnlyList<string> Paths { get; private set; } = [];

    [GlobalSetup]
    public void Setup()
    {
        Extractor = MeasuredBackbone.Open();
        Paths = Photos.SmallPaths();
    }

    [GlobalCleanup]
    public void Cleanup() => Extractor.Dispose();
}
