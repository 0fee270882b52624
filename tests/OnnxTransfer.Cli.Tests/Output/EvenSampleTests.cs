using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Tests.Output;

/// <summary>A sample of a run whose length nobody knows.</summary>
public sealed class EvenSampleTests
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 10)]
    [InlineData(11, 10)]
    [InlineData(12345, 10)]
    [InlineData(12345, 7)]
    [InlineData(100, 1)]
    public void Rows_are_in_even_steps_from_the_first(int count, int most)
    {
        var sample = new EvenSample(most);
        for (var i = 0; i < count; i++) sample.Add(new ImagePrediction($"{i}", null, "none"));
        int[] rows = [.. sample.Rows.Select(row => int.Parse(row.Id, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(count, sample.Count);
        Assert.InRange(rows.Length, Math.Min(count, (most + 1) / 2), Math.Min(count, most));
        var step = rows.Length > 1 ? rows[1] : 1;
        Assert.Equal(Enumerable.Range(0, rows.Length).Select(i => i * step), rows);
        if (rows.Length > 1) Assert.InRange(count - rows[^1], 1, step);
    }
}
