using OnnxTransfer.Reporting;

namespace OnnxTransfer.Tests.Reporting;

public sealed class AxisTests
{
    [Theory]
    [InlineData(0, 1.21, false, "0.0", "0.5", "1.0", "1.5")]
    [InlineData(0.66, 1, true, "60%", "70%", "80%", "90%", "100%")]
    [InlineData(0, 0.003, false, "0.000", "0.001", "0.002", "0.003")]
    public void Ticks_are_round_and_cover_the_data(double low, double high, bool percent, params string[] ticks)
    {
        var axis = new Axis(low, high, ticks: 4, snaps: true);
        Assert.Equal(ticks, axis.Ticks().Select(tick => axis.Text(tick, percent)));
        Assert.InRange(axis.Place(low), 0, 1);
        Assert.InRange(axis.Place(high), 0, 1);
    }

    [Fact]
    public void An_axis_that_does_not_snap_ends_at_the_data()
    {
        var axis = new Axis(1, 84, ticks: 6, snaps: false);
        Assert.Equal(0, axis.Place(1));
        Assert.Equal(1, axis.Place(84));
        Assert.Equal(["20", "40", "60", "80"], axis.Ticks().Select(tick => axis.Text(tick, percent: false)));
    }

    [Fact]
    public void One_value_lies_in_the_middle() => Assert.Equal(0.5, new Axis(3, 3, ticks: 4, snaps: false).Place(3));
}
