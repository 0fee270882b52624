using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class RowConverterTests
{
    [Fact]
    public void OpaqueRowsOfFourChannels_OfEveryLength_KeepTheColors()
    {
        for (var width = 1; width <= 40; width++)
        {
            var rgba = new byte[4 * width];
            new Random(width).NextBytes(rgba);
            var colors = rgba.Where((_, i) => i % 4 < 3).ToArray();
            using var converter = new RowConverter(new SampleLayout(3, 4, 0, IsDeep: false), width, [], DecodeOptions.Default);
            Assert.Equal(colors, converter.Convert(rgba).ToArray());
        }
    }

    [Theory]
    [InlineData(true, 0, 4095, true)]
    [InlineData(true, 0, 8191, false)]
    [InlineData(true, 32768, 32768, true)]
    [InlineData(false, 0, 15, false)]
    public void Warning_IsAboutDeepSamplesOfLittleRange(bool isDeep, ushort least, ushort greatest, bool warns)
    {
        var layout = new SampleLayout(1, 2, 1, isDeep);
        // Alpha, which is at its most, does not count.
        var row = isDeep
            ? System.Runtime.InteropServices.MemoryMarshal.AsBytes<ushort>(new ushort[] { least, ushort.MaxValue, greatest, ushort.MaxValue }).ToArray()
            : [(byte)least, 255, (byte)greatest, 255];
        using var converter = new RowConverter(layout, 2, [], DecodeOptions.Default) { IsDeepInFile = isDeep };
        Assert.Null(converter.Warning);
        converter.Convert(row);
        Assert.Equal(warns, converter.Warning is not null);
    }
}
