using System.Diagnostics;
using System.Globalization;

namespace OnnxTransfer.Embedding;

/// <summary>The kinds of work of a thread of the pipeline.</summary>
internal enum PipelineStage
{
    Reading,
    Preparing,
    Running,
}

/// <summary>The time that the threads of a run spent on each stage. Several threads may write to it.</summary>
internal sealed class StageTimes(PipelineShape shape, ExtractorMeter meter)
{
    private readonly long[] _ticks = new long[Enum.GetValues<PipelineStage>().Length];
    private long _start = Stopwatch.GetTimestamp();

    /// <summary>Time since the run began.</summary>
    internal TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <summary>Time of all threads together.</summary>
    internal TimeSpan this[PipelineStage stage] => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _ticks[(int)stage]));

    /// <summary>The run begins now; the time before was preparation.</summary>
    internal void Begin() => _start = Stopwatch.GetTimestamp();

    /// <summary>Books the time since <paramref name="start"/>, a <see cref="Stopwatch"/> timestamp; returns the time it is now.</summary>
    internal long Book(PipelineStage stage, long start)
    {
        var now = Stopwatch.GetTimestamp();
        Interlocked.Add(ref _ticks[(int)stage], now - start);
        meter.Record(stage, now - start);
        return now;
    }

    /// <summary>The bottleneck of the run, in one sentence.</summary>
    internal string Bottleneck(TimeSpan elapsed)
    {
        var images = this[PipelineStage.Reading] + this[PipelineStage.Preparing];
        var network = this[PipelineStage.Running];
        if (elapsed <= TimeSpan.Zero || images + network <= TimeSpan.Zero) return "Nothing was computed.";
        var (imageShare, networkShare) = shape.Runners > 0
            ? (images / (elapsed * shape.Workers), network / (elapsed * shape.Runners))
            : (images / (elapsed * shape.Workers), network / (elapsed * shape.Workers));
        var what = networkShare >= imageShare ? "the network" : this[PipelineStage.Reading] > this[PipelineStage.Preparing] ? "reading files" : "decoding";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Bottleneck: {what} (reading and decoding take {imageShare:P0} of the time of {shape.Workers} threads, the network {networkShare:P0} of {(shape.Runners > 0 ? shape.Runners : shape.Workers)}).");
    }
}
