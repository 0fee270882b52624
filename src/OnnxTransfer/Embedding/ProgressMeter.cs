namespace OnnxTransfer.Embedding;

/// <summary>
/// The speed of a run over its last seconds: images and time, both with exponential decay. A speed since the start would be too
/// optimistic after rows that came from the cache.
/// </summary>
/// <param name="total">Images in all; null if that is not known.</param>
internal sealed class ProgressMeter(int? total)
{
    private static readonly TimeSpan s_memory = TimeSpan.FromSeconds(5);

    private int _done;
    private TimeSpan _at;
    private double _images;
    private double _seconds;

    /// <summary>Takes note of images done.</summary>
    /// <param name="images">How many more.</param>
    /// <param name="now">Time since the start of the run.</param>
    internal WorkProgress Advance(int images, TimeSpan now)
    {
        var passed = now - _at;
        var kept = Math.Exp(-passed / s_memory);
        _images = (_images * kept) + images;
        _seconds = (_seconds * kept) + passed.TotalSeconds;
        _done += images;
        _at = now;
        return new WorkProgress(_done, total ?? 0, _seconds > 0 ? _images / _seconds : 0, total is null ? null : TimeSpan.FromSeconds((total.Value - _done) * _seconds / _images));
    }
}
