using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;
using SkiaSharp;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>The search for near duplicates finds thumbnails by the keys that the embedding knows: both must call one image the same.</summary>
public sealed class ContentKeyTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Augmentation.None, JpegShrink.None)]
    [InlineData(Augmentation.None, JpegShrink.Near)]
    [InlineData(Augmentation.FlipAndCrops, JpegShrink.Fast)]
    public async Task An_embedding_knows_each_image_by_the_key_that_its_thumbnail_has(Augmentation augment, JpegShrink shrink)
    {
        var png = TestImage.NoisyPng(20, 16, (200, 90, 30), 1);
        await File.WriteAllBytesAsync(_folder.File("photo.png"), png);
        using var bitmap = SKBitmap.Decode(TestImage.NoisyPng(20, 16, (20, 90, 230), 2));
        using var clear = new SKBitmap(8, 8, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        clear.Erase(new SKColor(10, 20, 30, 100));
        using var pixels = ImageDecoders.Default.Decode(TestImage.NoisyPng(12, 16, (20, 90, 230), 3));
        byte[] tiff = [(byte)'I', (byte)'I', 42, 0, 1, 2, 3, 4];
        ImageInput[] images =
        [
            _folder.File("photo.png"), ImageInput.FromBytes(png, "bytes"), ImageInput.FromStream(_ => Task.FromResult<Stream>(new MemoryStream(png)), "stream"),
            ImageInput.FromBytes(new byte[] { 1, 2, 3 }, "none"), ImageInput.FromBytes(tiff, "handed"), ImageInput.FromPixels(pixels, "pixels"), ImageInput.FromBitmap(bitmap, "bitmap"), ImageInput.FromBitmap(clear, "clear"),
        ];
        var registry = new DecoderRegistry();
        registry.Register(new Own(), [ImageFormat.Tiff]);
        using var extractor = Extractor(new FeatureCache(_folder.Path), new SkiaImageDecoder(registry), augment, shrink);
        // Of three equal images, a slow one may find the row of a fast one in the first run.
        foreach (var leastCached in new[] { 0, images.Length - 1 })
        {
            var embedding = await extractor.EmbedAsync(images);
            Assert.Equal(images.Length - 1, embedding.Features.RowCount);
            Assert.InRange(embedding.Cached, leastCached, images.Length - 1);
            var sampler = extractor.Network.Sampler();
            for (var row = 0; row < embedding.Indices.Count; row++)
                Assert.Equal(sampler.Read(images[embedding.Indices[row]], CancellationToken.None)!.ContentKey, embedding.ContentKeys[row]);
            Assert.Equal(embedding.ContentKeys.Count - 2, embedding.ContentKeys.Select(key => Convert.ToHexString(key!)).Distinct().Count());
        }
    }

    [Fact]
    public async Task Without_a_cache_nothing_is_hashed()
    {
        using var extractor = Extractor(null, ImageDecoders.Default, Augmentation.None, JpegShrink.None);
        var embedding = await extractor.EmbedAsync([ImageInput.FromBytes(TestImage.NoisyPng(20, 16, (200, 90, 30), 1))]);
        Assert.Equal([null], embedding.ContentKeys);
    }

    private FeatureExtractor Extractor(FeatureCache? cache, IImageDecoder decoder, Augmentation augment, JpegShrink shrink)
    {
        var model = _folder.File("tiny.onnx");
        TinyBackbone.Write(model);
        return FeatureExtractor.Load(model, new FeatureExtractorOptions
        {
            Provider = ExecutionProvider.Cpu, Cache = cache, Decoder = decoder, Augment = augment, Decode = new DecodeOptions { JpegShrink = shrink },
        });
    }

    private sealed class Own : IImageDecoder
    {
        public string Name => "own";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null) => PixelBuffer.FromRgb(new byte[3 * 5 * 4], 5, 4);
    }
}
