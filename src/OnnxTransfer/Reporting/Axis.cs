using System.Globalization;

namespace OnnxTransfer.Reporting;

/// <summary>A linear axis of a chart: round numbers that cover the data, and where they lie.</summary>
internal sealed class Axis
{
    private readonly double _step;

    /// <param name="low">The least value to show.</param>
    /// <param name="high">The greatest value to show.</param>
    /// <param name="ticks">About how many round numbers to name.</param>
    /// <param name="snaps">Whether the axis ends at round numbers rather than at the data.</param>
    internal Axis(double low, double high, int ticks, bool snaps)
    {
        if (!(high > low)) (low, high) = (low - 0.5, low + 0.5);
        _step = RoundStep((high - low) / ticks);
        First = Math.Ceiling((low / _step) - 1e-9) * _step;
        Low = snaps ? Math.Floor((low / _step) + 1e-9) * _step : low;
        High = snaps ? Math.Ceiling((high / _step) - 1e-9) * _step : high;
        if (snaps) First = Low;
    }

    internal double Low { get; }

    internal double High { get; }

    private double First { get; }

    /// <summary>The round numbers, ascending.</summary>
    internal IEnumerable<double> Ticks()
    {
        for (var i = 0; First + (i * _step) <= High + (_step * 1e-6); i++) yield return First + (i * _step);
    }

    /// <summary>Where a value lies, 0 at the low end and 1 at the high end.</summary>
    internal double Place(double value) => (value - Low) / (High - Low);

    /// <summary>A tick's number with as many digits as tell it from the next.</summary>
    internal string Text(double tick, bool percent)
    {
        var step = percent ? 100 * _step : _step;
        var digits = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 6);
        var number = percent ? 100 * tick : tick;
        // Rounding leaves a negative zero otherwise.
        if (Math.Abs(number) < step / 2) number = 0;
        return number.ToString("N" + digits, CultureInfo.InvariantCulture) + (percent ? "%" : "");
    }

    /// <summary>The smallest of 1, 2 and 5 times a power of ten that is not below a wanted step.</summary>
    private static double RoundStep(double wanted)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(wanted)));
        var lead = wanted / power;
        return power * (lead <= 1 + 1e-9 ? 1 : lead <= 2 + 1e-9 ? 2 : lead <= 5 + 1e-9 ? 5 : 10);
    }
}
