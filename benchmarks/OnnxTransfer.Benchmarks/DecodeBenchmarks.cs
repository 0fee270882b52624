using BenchmarkDotNet.Attributes;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Benchmarks;

/// <summary>JPEG to upright sRGB pixels, per image, on one thread.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    private IImageDecoder _decoder = ImageDecoders.Default;
    private byte[][] _small = [];

    [Params("SkiaSharp", "libvips")]
    public string Decoder { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _decoder = Decoder == "libvips" ? VipsDecoder.Instance : ImageDecoders.Default;
        _small = Photos.Small();
    }

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
