namespace OnnxTransfer.Cluster.Leases;

/// <summary>
/// Which parts of a job are done, which are with which worker and until when, and which have failed. Only the parts that are done have to
/// outlive the process: a part can be made twice, because its bytes are the same each time, and it counts once.
/// </summary>
/// <param name="done">The parts that are done already; the table adds to it.</param>
/// <param name="duration">How long a lease is valid without being renewed.</param>
/// <param name="failed">The parts that were given up before.</param>
internal sealed class LeaseTable(PartSet done, TimeSpan duration, IEnumerable<FailedPart> failed)
{
    /// <summary>A part is given up after this many attempts that threw.</summary>
    internal const int MaxFailures = 3;

    /// <summary>A part is given up when this many workers were lost while they had it: it may be what ends them.</summary>
    internal const int MaxLosses = 10;

    private readonly Dictionary<int, Lease> _leases = [];
    private readonly Dictionary<string, HashSet<int>> _held = [];
    private readonly Dictionary<int, Attempts> _attempts = [];
    private readonly SortedDictionary<int, FailedPart> _failed = new(failed.Where(part => !done.Contains(part.Part)).ToDictionary(part => part.Part));
    private readonly Queue<int> _returned = [];
    private TimeSpan _earliest = TimeSpan.MaxValue;
    private int _next;

    private sealed record Lease(string Worker, TimeSpan Until);

    private sealed record Attempts(int Failures, int Losses);

    internal PartSet Done { get; } = done;

    /// <summary>The parts that were given up, by number.</summary>
    internal IReadOnlyCollection<FailedPart> Failed => _failed.Values;

    /// <summary>The parts that are with a worker.</summary>
    internal int LeasedCount => _leases.Count;

    /// <summary>Leases that ended without a report of their worker.</summary>
    internal long LostCount { get; private set; }

    /// <summary>Whether every part is done or given up.</summary>
    internal bool IsSettled => Done.Number + _failed.Count == Done.Count;

    /// <summary>Leases parts that are neither done, nor with a worker, nor given up: first those that came back, then the others in order.</summary>
    internal List<int> Take(string worker, int most, TimeSpan now)
    {
        Expire(now);
        var taken = new List<int>();
        while (taken.Count < most && Next() is { } part)
        {
            Hold(part, worker, now);
            taken.Add(part);
        }

        return taken;
    }

    /// <summary>
    /// Renews leases. A part that nobody has is leased again: the worker has it since before this table was there, or was late.
    /// </summary>
    /// <returns>The parts that the worker should drop: they are done, given up, or with another worker.</returns>
    internal List<int> Renew(string worker, IEnumerable<int> parts, TimeSpan now)
    {
        var dropped = new List<int>();
        foreach (var part in parts)
        {
            if (IsOpen(part) && (!_leases.TryGetValue(part, out var lease) || lease.Worker == worker)) Hold(part, worker, now);
            else dropped.Add(part);
        }

        return dropped;
    }

    /// <summary>Counts a part as done, whoever made it.</summary>
    /// <returns>Whether it was not done before.</returns>
    internal bool Complete(int part)
    {
        if (!Done.Add(part)) return false;
        Free(part);
        _attempts.Remove(part);
        // A slow worker may finish what others failed at.
        _failed.Remove(part);
        return true;
    }

    /// <summary>Makes a part anew that was done and is missing or damaged.</summary>
    internal void Reopen(int part)
    {
        if (Done.Remove(part)) _returned.Enqueue(part);
    }

    /// <summary>Takes back a part that its worker did not begin or could not write.</summary>
    internal void Return(string worker, int part)
    {
        if (Release(worker, part)) _returned.Enqueue(part);
    }

    /// <summary>Takes back the parts that a worker does not know that it has: the answer that leased them to it was lost.</summary>
    internal void Reconcile(string worker, IEnumerable<int> known)
    {
        if (!_held.TryGetValue(worker, out var held)) return;
        foreach (var part in held.Except(known).ToList()) Return(worker, part);
    }

    /// <summary>Counts an attempt that threw. It counts only once, and only that of the worker that has the lease.</summary>
    /// <returns>Whether the part was given up.</returns>
    internal bool Fail(string worker, int part, string reason)
    {
        if (!Release(worker, part)) return false;
        var attempts = _attempts.GetValueOrDefault(part, new Attempts(0, 0));
        return Retry(part, attempts with { Failures = attempts.Failures + 1 }, worker, reason);
    }

    /// <summary>Takes back every part of workers that are gone.</summary>
    internal void Lose(Func<string, bool> isGone)
    {
        foreach (var worker in _held.Keys.Where(isGone).ToList())
            foreach (var part in _held[worker].Order().ToList()) Lose(part, worker);
    }

    private void Expire(TimeSpan now)
    {
        if (now < _earliest) return;
        foreach (var (part, lease) in _leases.Where(pair => pair.Value.Until <= now).ToList()) Lose(part, lease.Worker);
        _earliest = _leases.Count == 0 ? TimeSpan.MaxValue : _leases.Values.Min(lease => lease.Until);
    }

    private void Lose(int part, string worker)
    {
        Free(part);
        LostCount++;
        var attempts = _attempts.GetValueOrDefault(part, new Attempts(0, 0));
        Retry(part, attempts with { Losses = attempts.Losses + 1 }, worker, $"{MaxLosses} workers were lost while they made it");
    }

    private bool Retry(int part, Attempts attempts, string worker, string reason)
    {
        if (attempts.Failures >= MaxFailures || attempts.Losses >= MaxLosses)
        {
            _attempts.Remove(part);
            _failed[part] = new FailedPart(part, worker, reason);
            return true;
        }

        _attempts[part] = attempts;
        _returned.Enqueue(part);
        return false;
    }

    private int? Next()
    {
        // A part may have been done, or taken up by its late worker, since it came back.
        while (_returned.TryDequeue(out var part))
            if (IsFree(part)) return part;
        for (; _next < Done.Count; _next++)
            if (IsFree(_next)) return _next++;
        return null;
    }

    private bool IsOpen(int part) => !Done.Contains(part) && !_failed.ContainsKey(part);

    private bool IsFree(int part) => IsOpen(part) && !_leases.ContainsKey(part);

    private void Hold(int part, string worker, TimeSpan now)
    {
        var until = now + duration;
        if (!_leases.ContainsKey(part))
        {
            if (!_held.TryGetValue(worker, out var held)) _held[worker] = held = [];
            held.Add(part);
        }

        _leases[part] = new Lease(worker, until);
        if (until < _earliest) _earliest = until;
    }

    private bool Release(string worker, int part) =>
        _leases.TryGetValue(part, out var lease) && lease.Worker == worker && Free(part);

    private bool Free(int part)
    {
        if (!_leases.Remove(part, out var lease)) return false;
        var held = _held[lease.Worker];
        held.Remove(part);
        if (held.Count == 0) _held.Remove(lease.Worker);
        return true;
    }
}
