using System.Globalization;

namespace OnnxTransfer.Reporting;

/// <summary>Numbers as a reader wants them.</summary>
internal static class Words
{
    /// <summary>A share in percent with one digit, such as <c>98.3%</c>.</summary>
    internal static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + "%";

    /// <summary>A probability in whole percent; <c>100%</c> and <c>0%</c> only where it is as good as that.</summary>
    internal static string Chance(double probability) => probability switch
    {
        < 0.01 => "<1%",
        > 0.99 and < 0.9995 => ">99%",
        _ => Math.Round(100 * probability).ToString("0", CultureInfo.InvariantCulture) + "%",
    };

    internal static string Count(int count, string one, string many) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {(count == 1 ? one : many)}");

    internal static string Images(int count) => Count(count, "image", "images");

    /// <summary>A time in the unit that suits it.</summary>
    internal static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 0.9995 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms"),
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    /// <summary>How many are shown where there is no room for all.</summary>
    internal static string Some(int shown, int all, string many) =>
        shown == all ? "" : string.Create(CultureInfo.InvariantCulture, $" Shown are {shown:N0} of {all:N0} {many}.");
}
