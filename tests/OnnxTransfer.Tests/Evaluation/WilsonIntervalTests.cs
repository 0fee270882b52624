namespace OnnxTransfer.Tests.Evaluation;

public sealed class WilsonIntervalTests
{
    /// <summary>The score method's column of Newcombe, Statistics in Medicine 17 (1998), table I.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void It_equals_the_published_examples(int right, int count, double low, double high)
    {
        var interval = WilsonInterval.Of(right, count);
        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    [Fact]
    public void All_right_reaches_one_and_not_beyond() => Assert.Equal(1, WilsonInterval.Of(7, 7).High, 12);
}
