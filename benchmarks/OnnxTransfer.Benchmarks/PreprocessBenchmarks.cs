using BenchmarkDotNet.Attributes;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks;

/// <summary>From JPEG bytes to a normalized tensor of 224x224, and its parts, per image, on one thread.</summary>
[MemoryDiagnoser]
public class PreprocessBenchmarks
{
    private const int Side = 224;

    private static readonly PreprocessSpec s_stretch = Spec(ResizeFilter.PillowBilinear);
    private static readonly DecodeOptions s_near = new() { JpegShrink = JpegShrink.Near };
    private static readonly DecodeOptions s_fast = new() { JpegShrink = JpegShrink.Fast };

    private readonly IImageDecoder _decoder = ImageDecoders.Default;
    private readonly float[] _tensor = new float[3 * Side * Side];
    private readonly RowResampler _scalar = new(vectors: false);
    private readonly RowResampler _vectors = new(vectors: true);
    private readonly byte[] _resized = new byte[3 * Side * Side];
    private readonly Dictionary<(PreprocessSpec, DecodeOptions), ImagePreprocessor> _preprocessors = [];
    private byte[][] _small = [];
    private byte[][] _large = [];
    private PixelBuffer[] _decoded = [];

    [GlobalSetup(Targets = [nameof(DecodeAndPrepare), nameof(DecodeThenPrepare)])]
    public void SetupSmall() => _small = Photos.Small();

    [GlobalSetup(Targets = [nameof(Large), nameof(LargeNear), nameof(LargeFast)])]
    public void SetupLarge() => _large = Photos.Large();

    [GlobalSetup(Targets = [nameof(PrepareBilinear), nameof(PrepareBicubic), nameof(PrepareTensorFlow), nameof(ResizeScalar), nameof(ResizeVectors)])]
    public void SetupDecoded() => _decoded = [.. Photos.Small().Select(photo => _decoder.Decode(photo))];

    /// <summary>In one pass over the rows.</summary>
    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void DecodeAndPrepare() => Run(_small, DecodeOptions.Default);

    /// <summary>The same with the decoded image in between.</summary>
    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void DecodeThenPrepare()
    {
        var preprocessor = Preprocessor(s_stretch, DecodeOptions.Default);
        foreach (var photo in _small)
        {
            using var pixels = _decoder.Decode(photo);
            preprocessor.Prepare(pixels, _tensor);
        }
    }

    [Benchmark(OperationsPerInvoke = Photos.LargeCount)]
    public void Large() => Run(_large, DecodeOptions.Default);

    [Benchmark(OperationsPerInvoke = Photos.LargeCount)]
    public void LargeNear() => Run(_large, s_near);

    [Benchmark(OperationsPerInvoke = Photos.LargeCount)]
    public void LargeFast() => Run(_large, s_fast);

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void PrepareBilinear() => Prepare(ResizeFilter.PillowBilinear);

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void PrepareBicubic() => Prepare(ResizeFilter.PillowBicubic);

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void PrepareTensorFlow() => Prepare(ResizeFilter.TensorFlowBilinear);

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void ResizeScalar() => ResizeAll(_scalar);

    [Benchmark(OperationsPerInvoke = Photos.SmallCount)]
    public void ResizeVectors() => ResizeAll(_vectors);

    private void Run(byte[][] photos, DecodeOptions options)
    {
        var preprocessor = Preprocessor(s_stretch, options);
        foreach (var photo in photos) preprocessor.Prepare(photo, _tensor);
    }

    private void Prepare(ResizeFilter filter)
    {
        var spec = filter == s_stretch.Filter ? s_stretch : Spec(filter);
        var preprocessor = Preprocessor(spec, DecodeOptions.Default);
        foreach (var pixels in _decoded) preprocessor.Prepare(pixels, _tensor);
    }

    /// <summary>One for each setting, kept as a network keeps its own.</summary>
    private ImagePreprocessor Preprocessor(PreprocessSpec spec, DecodeOptions options)
    {
        if (!_preprocessors.TryGetValue((spec, options), out var found)) _preprocessors[(spec, options)] = found = new ImagePreprocessor(spec, TensorLayout.Nchw, _decoder, options);
        return found;
    }

    private void ResizeAll(RowResampler rows)
    {
        foreach (var pixels in _decoded)
            Resampler.Resize(pixels.Pixels, ResizeGeometry.Stretch(pixels.Width, pixels.Height, Side, Side), ResizeFilter.PillowBilinear, _resized, rows);
    }

    private static PreprocessSpec Spec(ResizeFilter filter) => new()
    {
        Filter = filter,
        Resize = Resize.Stretch(Side, Side),
        Mean = [0.5, 0.5, 0.5],
        Std = [0.5, 0.5, 0.5],
    };
}
