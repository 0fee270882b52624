using OnnxTransfer.Decoding;

namespace OnnxTransfer.Tests.Decoding;

public sealed class RowConverterTests
{
    [Fact]
    public void DropAlpha_RowsOfEveryLength_KeepTheColors()
    {
        for (var width = 1; width <= 40; width++)
        {
            var rgba = new byte[4 * width];
            new Random(width).NextBytes(rgba);
            var rgb = new byte[3 * width];
            RowConverter.DropAlpha(rgba, rgb);
            Assert.Equal(rgba.Where((_, i) => i % 4 < 3), rgb);
        }
    }
}
