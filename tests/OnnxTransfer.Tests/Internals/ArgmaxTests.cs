using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class ArgmaxTests
{
    [Theory]
    [InlineData(new[] { 5f }, 0)]
    [InlineData(new[] { 1f, 2f, 3f }, 2)]
    [InlineData(new[] { 3f, 2f, 1f }, 0)]
    [InlineData(new[] { 1f, 3f, 2f }, 1)]
    [InlineData(new[] { -3f, -1f, -1f, -2f }, 1)]
    [InlineData(new[] { 1f, float.NaN, 2f, float.NaN }, 2)]
    [InlineData(new[] { float.NegativeInfinity, float.MinValue }, 1)]
    public void It_is_the_first_of_the_largest_numbers(float[] values, int expected) => Assert.Equal(expected, Argmax.Of<float>(values));
}
