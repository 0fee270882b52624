namespace OnnxTransfer.Cluster.Jobs;

/// <summary>What a coordinator knows of one worker; it is counted anew when the coordinator begins anew.</summary>
internal sealed class WorkerRecord(WorkerIdentity worker)
{
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    private readonly Queue<(TimeSpan At, int Images)> _recent = [];
    private TimeSpan _first;
    private TimeSpan _last;
    private long _parts;
    private long _images;
    private bool _spoke;
    private string? _waiting;

    internal WorkerIdentity Worker { get; private set; } = worker;

    /// <summary>The number of the last request.</summary>
    internal long Number { get; private set; }

    internal void Heard(ExchangeRequest request, TimeSpan now)
    {
        if (!_spoke) (_first, _spoke) = (now, true);
        (Worker, Number, _waiting, _last) = (request.Worker, request.Number, request.Waiting, now);
    }

    internal void Count(int images, TimeSpan now)
    {
        _parts++;
        _images += images;
        _recent.Enqueue((now, images));
        Forget(now);
    }

    internal TimeSpan Silent(TimeSpan now) => now - _last;

    internal WorkerStatus ToStatus(TimeSpan now)
    {
        Forget(now);
        var seconds = Math.Min(s_window.TotalSeconds, (now - _first).TotalSeconds);
        return new WorkerStatus(Worker.Name, Worker.Provider, _parts, _images, seconds < 1 ? 0 : _recent.Sum(part => (long)part.Images) / seconds, Silent(now).TotalSeconds, _waiting);
    }

    private void Forget(TimeSpan now)
    {
        while (_recent.TryPeek(out var oldest) && oldest.At < now - s_window) _recent.Dequeue();
    }
}
