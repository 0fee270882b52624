using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class FloatScanTests
{
    [Fact]
    public void Finite_numbers_are_passed_at_every_length()
    {
        for (var length = 0; length <= 40; length++)
        {
            var values = new float[length];
            for (var i = 0; i < length; i++) values[i] = (i % 4) switch { 0 => float.MaxValue, 1 => float.MinValue, 2 => float.Epsilon, _ => -0f };
            Assert.Equal(-1, FloatScan.IndexOfNonFinite(values));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void The_first_number_that_is_not_finite_is_found_wherever_it_is(float bad)
    {
        for (var length = 1; length <= 40; length++)
        {
            for (var first = 0; first < length; first++)
            {
                var values = new float[length];
                values[first] = bad;
                Assert.Equal(first, FloatScan.IndexOfNonFinite(values));
                values[^1] = bad;
                Assert.Equal(first, FloatScan.IndexOfNonFinite(values));
            }
        }
    }
}
