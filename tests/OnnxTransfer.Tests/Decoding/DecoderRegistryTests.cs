using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

public sealed class DecoderRegistryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly DecoderRegistry _registry = new();
    private readonly SkiaImageDecoder _decoder;

    public DecoderRegistryTests() => _decoder = new SkiaImageDecoder(_registry);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rgb.tif", "a TIFF image", "OnnxTransfer.Vips", "VipsDecoder")]
    [InlineData("rgb.avif", "an AVIF image", "OnnxTransfer.Vips", "VipsDecoder")]
    [InlineData("rgb.heic", "a HEIC image", "OnnxTransfer.Heic", "HeicDecoder")]
    public void WithoutADecoder_TheMessageNamesThePackageAndTheCall(string name, string what, string package, string type)
    {
        var exception = Assert.Throws<ImageDecodeException>(() => _decoder.Decode(Sample.Bytes(name)));
        Assert.Equal(
            $"This is {what}, which {_decoder.Name} does not read: add the package {package} and call {package}.{type}.Register() when the application starts.",
            exception.Message);
        Assert.Null(_decoder.HandedTo(Sample.Bytes(name)));
    }

    [Fact]
    public void ARegisteredDecoder_ReadsItsFormatsAndNoOther()
    {
        _registry.Register(new OfOneColor("own 1", 7), [ImageFormat.Tiff, ImageFormat.Heic]);
        foreach (var name in new[] { "rgb.tif", "rgb.heic" })
        {
            using var pixels = _decoder.Decode(Sample.Bytes(name));
            Assert.Equal((5, 4), (pixels.Width, pixels.Height));
            Assert.All(pixels.Pixels.ToArray(), value => Assert.Equal(7, value));
        }

        using var jpeg = _decoder.Decode(Sample.Bytes("rgb.jpg"));
        Sample.Shows(jpeg, Sample.Colors, 6);
        Assert.Throws<ImageDecodeException>(() => _decoder.Decode(Sample.Bytes("rgb.avif")));
    }

    [Fact]
    public void ARegisteredDecoder_PreparesTheSameAsItsPixels()
    {
        _registry.Register(new Gradient(), [ImageFormat.Tiff]);
        var spec = TinyBackbone.Card().Preprocess;
        var (rows, whole) = (new float[3 * TinyBackbone.Side * TinyBackbone.Side], new float[3 * TinyBackbone.Side * TinyBackbone.Side]);
        new ImagePreprocessor(spec, TensorLayout.Nchw, _decoder).Prepare(Sample.Bytes("rgb.tif"), rows);
        using var pixels = new Gradient().Decode(default);
        new ImagePreprocessor(spec, TensorLayout.Nchw).Prepare(pixels, whole);
        Assert.Equal(whole, rows);
    }

    [Fact]
    public void OfTwoDecodersForAFormat_TheLaterCounts()
    {
        _registry.Register(new OfOneColor("own 1", 1), [ImageFormat.Tiff]);
        _registry.Register(new OfOneColor("own 2", 2), [ImageFormat.Tiff]);
        using var pixels = _decoder.Decode(Sample.Bytes("rgb.tif"));
        Assert.Equal(2, pixels.Pixels[0]);
    }

    [Fact]
    public void Register_RefusesWhatItCannotDo()
    {
        var own = new OfOneColor("own 1", 1);
        Assert.Throws<ArgumentNullException>(() => _registry.Register(null!, [ImageFormat.Tiff]));
        Assert.Contains("name the formats", Assert.Throws<ArgumentException>(() => _registry.Register(own, [])).Message, StringComparison.Ordinal);
        foreach (var format in new[] { ImageFormat.Jpeg, ImageFormat.Png, ImageFormat.Gif, ImageFormat.Webp, ImageFormat.Bmp, ImageFormat.Unknown, (ImageFormat)99 })
        {
            var exception = Assert.Throws<ArgumentException>(() => _registry.Register(own, [ImageFormat.Tiff, format]));
            Assert.Contains($"not for {format}: to use it for other formats, set FeatureExtractorOptions.Decoder", exception.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => _registry.Register(_decoder, [ImageFormat.Tiff]));
        // A call that is refused registers nothing.
        Assert.Null(_registry.Find(ImageFormat.Tiff));
    }

    [Fact]
    public async Task Register_FromManyThreads_LeavesAWholeRegistry()
    {
        var decoders = Enumerable.Range(0, 16).Select(i => new OfOneColor($"own {i}", (byte)i)).ToArray();
        await Task.WhenAll(decoders.Select(one => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                _registry.Register(one, [ImageFormat.Tiff, ImageFormat.Avif, ImageFormat.Heic]);
                _decoder.Decode(Sample.Bytes("rgb.tif")).Dispose();
            }
        })));
        Assert.Contains(_registry.Find(ImageFormat.Tiff), decoders);
    }

    [Fact]
    public async Task TheCacheServesNoVectorOfAnotherDecoder()
    {
        var model = _folder.File("tiny.onnx");
        TinyBackbone.Write(model);
        var (tiff, jpeg) = (_folder.File("photos", "a.tif"), _folder.File("photos", "b.jpg"));
        File.WriteAllBytes(tiff, Sample.Bytes("rgb.tif"));
        File.WriteAllBytes(jpeg, Sample.Bytes("rgb.jpg"));
        using var extractor = FeatureExtractor.Load(
            model, new FeatureExtractorOptions { Decoder = _decoder, Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(_folder.File("cache")) });

        _registry.Register(new OfOneColor("own 1", 10), [ImageFormat.Tiff]);
        var first = await extractor.EmbedAsync([tiff, jpeg]);
        Assert.Equal(0, first.Cached);
        Assert.Equal(2, (await extractor.EmbedAsync([tiff, jpeg])).Cached);

        // A new version of the decoder: the TIFF file is decoded again, the JPEG file is not.
        _registry.Register(new OfOneColor("own 2", 200), [ImageFormat.Tiff]);
        var second = await extractor.EmbedAsync([tiff, jpeg]);
        Assert.Equal(1, second.Cached);
        Assert.NotEqual(first.Features.Row(0).ToArray(), second.Features.Row(0).ToArray());
        Assert.Equal(first.Features.Row(1).ToArray(), second.Features.Row(1).ToArray());
    }

    /// <summary>As an application may write one: it knows nothing of rows.</summary>
    private sealed class OfOneColor(string name, byte value) : IImageDecoder
    {
        public string Name => name;

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            var pixels = PixelBuffer.Rent(5, 4);
            pixels.Pixels.Fill(value);
            return pixels;
        }
    }

    private sealed class Gradient : IImageDecoder
    {
        public string Name => "gradient 1";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            var pixels = PixelBuffer.Rent(40, 30);
            for (var i = 0; i < pixels.Pixels.Length; i++) pixels.Pixels[i] = (byte)(i * 7 / 50);
            return pixels;
        }
    }
}
