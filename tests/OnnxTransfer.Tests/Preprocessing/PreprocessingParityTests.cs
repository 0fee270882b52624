using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Tests.Preprocessing;

public sealed class PreprocessingParityTests
{
    [Fact]
    public void Verify_OnThisMachine_MeetsEveryReference()
    {
        var results = PreprocessingParity.Verify(ImageDecoders.Default);
        Assert.Equal(14, results.Count);
        Assert.All(results, result => Assert.True(result.Passed, $"{result.Name}: {result.GreatestDifference}, allowed {result.Tolerance}"));
    }

    [Fact]
    public void Verify_DecoderThatIsOffByOne_Fails()
    {
        var results = PreprocessingParity.Verify(new OffByOne());
        Assert.Contains(results, result => !result.Passed && result.Name.Contains("picture.png", StringComparison.Ordinal));
        Assert.Contains(results, result => !result.Passed && result.Name.Contains("Nearest", StringComparison.Ordinal));
    }

    private sealed class OffByOne : IImageDecoder
    {
        public string Name => "off by one";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            var pixels = ImageDecoders.Default.Decode(encoded, options);
            foreach (ref var value in pixels.Pixels) value = (byte)(value < 255 ? value + 1 : 254);
            return pixels;
        }
    }
}
