using System.Text;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Tests.Decoding;

public sealed class PngSumTests
{
    [Fact]
    public void The_check_value_of_the_standard() => Assert.Equal(0xCBF43926u, PngSum.Of(Encoding.ASCII.GetBytes("123456789")));

    [Fact]
    public void Bytes_of_every_length_have_the_sum_of_the_tables()
    {
        var bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        for (var length = 0; length <= bytes.Length; length++) Assert.Equal(PngSum.ByTables(bytes.AsSpan(0, length)), PngSum.Of(bytes.AsSpan(0, length)));
        Assert.Equal(PngSum.Of(bytes), PngSum.Of(bytes.AsSpan(0, 4), bytes.AsSpan(4)));
    }
}
