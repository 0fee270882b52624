using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Decoding;

namespace OnnxTransfer.Tests.Preprocessing;

/// <summary>Decoding and preparing in one pass; one derived class runs it on each decoder.</summary>
public abstract class DecodedRowsContract
{
    private static readonly PreprocessSpec s_spec = new()
    {
        Filter = ResizeFilter.PillowBilinear,
        Resize = Resize.Stretch(3, 2),
        Mean = [0.485, 0.456, 0.406],
        Std = [0.229, 0.224, 0.225],
    };

    public abstract IImageDecoder Decoder { get; }

    /// <summary>The most managed memory that an image may leave to the garbage collector.</summary>
    public abstract int MostBytesAllocated { get; }

    public static TheoryData<ResizeFilter, TensorLayout> Ways
    {
        get
        {
            var ways = new TheoryData<ResizeFilter, TensorLayout>();
            foreach (var filter in Enum.GetValues<ResizeFilter>())
            {
                ways.Add(filter, TensorLayout.Nchw);
                ways.Add(filter, TensorLayout.Nhwc);
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Prepare_FromEncodedRows_EqualsDecodingFirst(ResizeFilter filter, TensorLayout layout)
    {
        PreprocessSpec[] specs =
        [
            s_spec with { Filter = filter, Resize = Resize.Stretch(20, 13) },
            s_spec with { Filter = filter, Resize = Resize.ShortestEdge(12, 9) },
        ];
        foreach (var spec in specs)
        {
            var (width, height) = spec.OutputSize;
            var (atOnce, inTwo) = (new float[3 * width * height], new float[3 * width * height]);
            var preprocessor = new ImagePreprocessor(spec, layout, Decoder);
            foreach (var name in new[] { "rgb.jpg", "orientation-3.jpg", "orientation-8.jpg", "rgba.png", "grey.png", "display-p3.jpg", "rgb.bmp", "animated.gif", "lossy.webp", "orientation-6.png" })
            {
                var encoded = Sample.Bytes(name);
                preprocessor.Prepare(encoded, atOnce);
                using var pixels = Decoder.Decode(encoded);
                preprocessor.Prepare(pixels, inTwo);
                Assert.Equal(inTwo, atOnce);
            }
        }
    }

    [Theory]
    [InlineData(JpegShrink.Near, 1.0)]
    [InlineData(JpegShrink.Fast, 2.0)]
    public void Prepare_ShrunkenJpeg_IsNearTheExactOne(JpegShrink shrink, double most)
    {
        var spec = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(40, 30), Rescale = 1 };
        var (exact, shrunk) = (new float[3600], new float[3600]);
        new ImagePreprocessor(spec, TensorLayout.Nchw, Decoder).Prepare(Sample.Bytes("large.jpg"), exact);
        new ImagePreprocessor(spec, TensorLayout.Nchw, Decoder, new DecodeOptions { JpegShrink = shrink }).Prepare(Sample.Bytes("large.jpg"), shrunk);
        Assert.InRange(exact.Zip(shrunk, (a, b) => Math.Abs(a - b)).Average(), 1e-6, most);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void DecodeRows_Shrunken_GivesTheFractionAskedFor(int factor)
    {
        var sink = new SizeSink(factor);
        ((IRowDecoder)Decoder).DecodeRows(Sample.Bytes("large.jpg"), new DecodeOptions { JpegShrink = JpegShrink.Fast }, sink);
        Assert.Equal((320 / factor, 240 / factor, 240 / factor), (sink.Width, sink.Height, sink.Rows));
    }

    [SharedFact("data/cats_vs_dogs")]
    public void Prepare_ShrunkenPhotos_AreWithinTheStatedDistance()
    {
        var spec = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(64, 64), Rescale = 1 };
        var (exact, shrunk) = (new float[3 * 64 * 64], new float[3 * 64 * 64]);
        string[] photos = [.. Directory.EnumerateFiles(Repository.SharedPath("data", "cats_vs_dogs", "cats")).Order(StringComparer.Ordinal).Take(40)];
        Assert.NotEmpty(photos);
        foreach (var path in photos)
        {
            new ImagePreprocessor(spec, TensorLayout.Nchw, Decoder).Prepare(path, exact);
            new ImagePreprocessor(spec, TensorLayout.Nchw, Decoder, new DecodeOptions { JpegShrink = JpegShrink.Near }).Prepare(path, shrunk);
            Assert.InRange(exact.Zip(shrunk, (a, b) => Math.Abs(a - b)).Average(), 0, 3.5);
        }
    }

    [Fact]
    public void Prepare_ManyImages_AllocatesNoMoreOnceWarm()
    {
        var tensor = new float[18];
        string[] names = ["rgb.jpg", "large.jpg", "rgba.png", "display-p3.jpg", "lossy.webp", "grey.png"];
        var images = names.Select(Sample.Bytes).ToArray();
        var preprocessor = new ImagePreprocessor(s_spec, TensorLayout.Nchw, Decoder);
        void PrepareAll()
        {
            foreach (var image in images) preprocessor.Prepare(image, tensor);
        }

        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10; i++) PrepareAll();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        PrepareAll();
        PrepareAll();
        // The least of many: a collection may empty the pools in between.
        Assert.InRange(Enumerable.Range(0, 15).Min(_ => Allocated()), 0, 10 * images.Length * MostBytesAllocated);
    }

    [Fact]
    public void Prepare_AfterAFailedImage_ServesTheNext()
    {
        var (first, second) = (new float[18], new float[18]);
        var preprocessor = new ImagePreprocessor(s_spec, TensorLayout.Nhwc, Decoder);
        preprocessor.Prepare(Sample.Bytes("rgb.png"), first);
        // Both end among their pixels.
        foreach (var (name, length) in new[] { ("rgb.png", 75), ("orientation-6.jpg", 700) })
        {
            Assert.Throws<ImageDecodeException>(
                () => preprocessor.Prepare(Sample.Bytes(name).AsSpan(0, length), second));
        }

        preprocessor.Prepare(Sample.Bytes("rgb.png"), second);
        Assert.Equal(first, second);
    }

    /// <summary>Asks for a fraction, and counts what comes.</summary>
    private sealed class SizeSink(int factor) : IRowSink
    {
        internal int Width { get; private set; }

        internal int Height { get; private set; }

        internal int Rows { get; private set; }

        public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink) => factor;

        public void Begin(int width, int height, Orientation orientation) => (Width, Height) = (width, height);

        public void Warn(string warning)
        {
        }

        public void Row(int y, ReadOnlySpan<byte> rgb)
        {
            Assert.Equal((Rows, 3 * Width), (y, rgb.Length));
            Rows++;
        }
    }
}
