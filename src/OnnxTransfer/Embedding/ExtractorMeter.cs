using System.Diagnostics;
using System.Diagnostics.Metrics;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Embedding;

/// <summary>
/// The measurements that the extractors of this process give to <c>System.Diagnostics</c>: the meter and the activities named
/// <c>OnnxTransfer</c>. They cost almost nothing while nobody listens.
/// </summary>
/// <param name="model">The model's id.</param>
internal sealed class ExtractorMeter(string model)
{
    private const string Name = "OnnxTransfer";
    private const string ModelTag = "onnxtransfer.model";

    private static readonly string? s_version = typeof(ExtractorMeter).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource s_activities = new(Name, s_version);
    private static readonly Meter s_meter = new(Name, s_version);
    private static readonly Counter<long> s_images = s_meter.CreateCounter<long>(
        "onnxtransfer.images", "{image}", "The number of images, by result: embedded, cached or skipped.");

    private static readonly Histogram<double> s_stages = s_meter.CreateHistogram<double>(
        "onnxtransfer.stage.duration", "s", "Time that a thread spent on a stage: reading or preparing an image, or running the network on one or a batch.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });

    /// <summary>One gate serves all models of the process, so what it tells has no model's tag. The listener asks when it wants to know.</summary>
    static ExtractorMeter()
    {
        s_meter.CreateObservableUpDownCounter("onnxtransfer.decode.waiting", () => (long)MemoryGate.Shared.Waiting, "{image}", "Images that wait for memory to be decoded in.");
        s_meter.CreateObservableUpDownCounter("onnxtransfer.decode.active", () => (long)MemoryGate.Shared.Active, "{image}", "Images that are being decoded.");
        s_meter.CreateObservableUpDownCounter("onnxtransfer.decode.memory", () => MemoryGate.Shared.Bytes, "By", "Memory that the images being decoded need, by their headers.");
    }

    /// <summary>Begins a call on a number of images, null where that is not known; null if nobody listens.</summary>
    internal Activity? Begin(int? images)
    {
        var activity = s_activities.StartActivity("onnxtransfer.embed");
        activity?.SetTag(ModelTag, model).SetTag("onnxtransfer.images", images);
        return activity;
    }

    /// <summary>Ends a stage that began at a <see cref="Stopwatch"/> timestamp; returns the time it is now.</summary>
    internal long Book(PipelineStage stage, long start)
    {
        var now = Stopwatch.GetTimestamp();
        Record(stage, now - start);
        return now;
    }

    /// <summary>Adds the ticks of a <see cref="Stopwatch"/> to a stage.</summary>
    internal void Record(PipelineStage stage, long ticks)
    {
        if (s_stages.Enabled) s_stages.Record((double)ticks / Stopwatch.Frequency, new(ModelTag, model), new("onnxtransfer.stage", Word(stage)));
    }

    internal void Embedded() => Count("embedded");

    internal void Skipped() => Count("skipped");

    /// <summary>Counts the images of a batch that is done.</summary>
    internal void Count(IEnumerable<EmbeddedImage> images)
    {
        if (!s_images.Enabled) return;
        foreach (var image in images) Count(image.Vector is null ? "skipped" : image.FromCache ? "cached" : "embedded");
    }

    private void Count(string outcome)
    {
        if (s_images.Enabled) s_images.Add(1, new(ModelTag, model), new("onnxtransfer.outcome", outcome));
    }

    private static string Word(PipelineStage stage) => stage switch
    {
        PipelineStage.Reading => "read",
        PipelineStage.Preparing => "prepare",
        _ => "run",
    };
}
