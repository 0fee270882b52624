using System.Diagnostics;
using System.Globalization;
using OnnxTransfer.Preprocessing;
using SkiaSharp;

namespace OnnxTransfer.Benchmarks.Pixels;

/// <summary>What one pass over a set of photographs took.</summary>
/// <param name="Seconds">On the clock.</param>
/// <param name="CpuSeconds">Of processors, all threads together: what is left of a busy machine's noise is small.</param>
internal sealed record PassTime(double Seconds, double CpuSeconds);

/// <summary>One way to make tensors of photographs.</summary>
internal abstract class Contender(string name)
{
    internal string Name { get; } = name;

    /// <summary>Makes the tensor of every photograph of a set, one after the other.</summary>
    internal abstract PassTime Pass(PhotoSet set);

    /// <summary>The first tensors of a set, <c>[count,3,224,224]</c>.</summary>
    internal abstract float[] Tensors(PhotoSet set, int count);
}

/// <summary>Photographs in memory and the word that peers know them by.</summary>
internal sealed record PhotoSet(string Name, byte[][] Photos, IReadOnlyList<string> Paths);

/// <summary>A way within this process.</summary>
internal abstract class LocalContender(string name) : Contender(name)
{
    internal const int Side = 224;

    private readonly float[] _tensor = new float[3 * Side * Side];

    internal override PassTime Pass(PhotoSet set)
    {
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        foreach (var photo in set.Photos) Prepare(photo, _tensor);
        var seconds = clock.Elapsed.TotalSeconds;
        process.Refresh();
        return new PassTime(seconds, (process.TotalProcessorTime - cpu).TotalSeconds);
    }

    internal override float[] Tensors(PhotoSet set, int count) =>
        [.. set.Photos.Take(count).SelectMany(photo =>
        {
            Prepare(photo, _tensor);
            return _tensor.ToArray();
        })];

    /// <summary>Makes the tensor of a photograph.</summary>
    protected abstract void Prepare(byte[] photo, float[] tensor);
}

/// <summary>This library.</summary>
internal sealed class OurContender(string name, IImageDecoder decoder, JpegShrink shrink) : LocalContender(name)
{
    private static readonly PreprocessSpec s_spec = new()
    {
        Filter = ResizeFilter.PillowBilinear,
        Resize = Resize.Stretch(Side, Side),
        Mean = [0.5, 0.5, 0.5],
        Std = [0.5, 0.5, 0.5],
    };

    private readonly ImagePreprocessor _preprocessor = new(s_spec, TensorLayout.Nchw, decoder, new DecodeOptions { JpegShrink = shrink });
    protected override void Prepare(byte[] photo, float[] tensor) => _preprocessor.Prepare(photo, tensor);
}

/// <summary>SkiaSharp as one uses it without this library: decode, <c>ScalePixels</c> over mipmaps, and a loop for the tensor.</summary>
/// <param name="name">What the table calls it.</param>
/// <param name="isScaled">Whether the codec decodes to a fraction that is no smaller than the tensor.</param>
internal sealed class SkiaContender(string name, bool isScaled) : LocalContender(name)
{
    protected override void Prepare(byte[] photo, float[] tensor)
    {
        using var data = SKData.CreateCopy(photo);
        using var codec = SKCodec.Create(data);
        var size = codec.Info.Size;
        for (var eighths = 1; isScaled && eighths < 8; eighths++)
        {
            size = codec.GetScaledDimensions(eighths / 8f);
            if (Math.Min(size.Width, size.Height) >= Side) break;
            size = codec.Info.Size;
        }

        using var bitmap = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        if (codec.GetPixels(bitmap.Info, bitmap.GetPixels()) != SKCodecResult.Success) throw new InvalidDataException("SkiaSharp could not decode a photograph.");
        using var sized = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        if (!bitmap.ScalePixels(sized, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear))) throw new InvalidDataException("SkiaSharp could not scale a photograph.");
        var pixels = sized.GetPixelSpan();
        for (var i = 0; i < Side * Side; i++)
        {
            for (var c = 0; c < 3; c++) tensor[(c * Side * Side) + i] = (pixels[(4 * i) + c] / 127.5f) - 1;
        }
    }
}

/// <summary>One mode of a peer's script, which answers a line with a line.</summary>
internal sealed class PeerContender(string name, PeerProcess process, string mode) : Contender(name)
{
    internal override PassTime Pass(PhotoSet set)
    {
        var words = process.Ask($"{set.Name} {mode}").Split(' ');
        return new PassTime(double.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture));
    }

    internal override float[] Tensors(PhotoSet set, int count)
    {
        var path = Path.GetTempFileName();
        try
        {
            process.Ask($"{set.Name} {mode} {count} {path}");
            var bytes = File.ReadAllBytes(path);
            var tensors = new float[bytes.Length / sizeof(float)];
            Buffer.BlockCopy(bytes, 0, tensors, 0, bytes.Length);
            return tensors;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
