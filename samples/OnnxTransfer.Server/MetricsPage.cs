using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace OnnxTransfer.Server;

/// <summary>
/// The measurements of the meter <c>OnnxTransfer</c> as Prometheus reads them. An application that has OpenTelemetry uses
/// <c>AddMeter("OnnxTransfer")</c> and its exporter instead.
/// </summary>
public sealed class MetricsPage : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _sums = new(StringComparer.Ordinal);

    /// <summary>Listens from now on.</summary>
    public MetricsPage()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "OnnxTransfer") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument.IsObservable) _sums[Series(instrument, instrument.Unit == "By" ? "_bytes" : "", tags)] = value;
            else Add(Series(instrument, "_total", tags), value);
        });
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Add(Series(instrument, "_sum", tags), value);
            Add(Series(instrument, "_count", tags), 1);
        });
        _listener.Start();
    }

    /// <summary>The page.</summary>
    public string Write()
    {
        _listener.RecordObservableInstruments();
        return string.Concat(_sums.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value}\n")));
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Add(string series, double value) => _sums.AddOrUpdate(series, value, (_, sum) => sum + value);

    private static string Series(Instrument instrument, string suffix, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = new StringBuilder(instrument.Name.Replace('.', '_')).Append(instrument.Unit == "s" ? "_seconds" : "").Append(suffix);
        var separator = '{';
        foreach (var (key, value) in tags)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture)!.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            series.Append(CultureInfo.InvariantCulture, $"{separator}{key.Replace('.', '_')}=\"{text}\"");
            separator = ',';
        }

        return separator == '{' ? series.ToString() : series.Append('}').ToString();
    }
}
