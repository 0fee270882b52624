using BenchmarkDotNet.Attributes;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>From a folder of flowers to a classifier: without a cache, and when the vectors are there already.</summary>
public class EndToEndBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("onnxtransfer-cache-").FullName;
    private FeatureExtractor _plain = null!;
    private FeatureExtractor _cached = null!;
    private ImageDataset _flowers = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        _flowers = ImageDataset.FromFolder(Photos.Flowers());
        _plain = MeasuredBackbone.Open();
        _cached = MeasuredBackbone.Open(new FeatureCache(_folder));
        await AgainFromTheCache();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _plain.Dispose();
        _cached.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public async Task<double> FromPhotos() => (await ImageClassifier.TrainAsync(_plain, _flowers)).Test!.Accuracy;

    [Benchmark]
    public async Task<double> AgainFromTheCache() => (await ImageClassifier.TrainAsync(_cached, _flowers)).Test!.Accuracy;
}
