using BenchmarkDotNet.Attributes;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Benchmarks;

/// <summary>JPEG to upright sRGB pixels, per image, on one thread.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    private readonly IImageDecoder _decoder = ImageDecoders.Default;
    private byte[][] _small = [];

    [GlobalSetup]
    public void Setup() => _small = Photos.Small();

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public int Decode()
    {
        var rows = 0;
        foreach (var photo in _small)
        {
            using var pixels = _decoder.Decode(photo);
            rows += pixels.Height;
        }

        return rows;
    }
}
