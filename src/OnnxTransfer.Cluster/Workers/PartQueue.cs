using OnnxTransfer.Cluster.Jobs;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>
/// The parts that a worker has leased: those that wait, those that are being made, and what is to be reported. The thread that talks to the
/// coordinator and those that make parts meet here.
/// </summary>
internal sealed class PartQueue
{
    private readonly Lock _lock = new();
    private readonly LinkedList<int> _waiting = [];
    private readonly HashSet<int> _making = [];
    // The parts of a run that threw: each is made in a run of its own, so that the one that throws is known.
    private readonly HashSet<int> _suspects = [];
    private readonly List<FinishedPart> _finished = [];
    private readonly List<FailedAttempt> _failed = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>The parts that wait.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Whether there is nothing to make and nothing to report.</summary>
    internal bool IsEmpty
    {
        get
        {
            lock (_lock) return _waiting.Count + _making.Count + _finished.Count + _failed.Count == 0;
        }
    }

    /// <summary>Ends when something is to be reported or no part waits.</summary>
    internal Task Changed
    {
        get
        {
            lock (_lock) return _changed.Task;
        }
    }

    /// <summary>All that the coordinator should know now. What is reported stays until <see cref="Reported"/>.</summary>
    internal (IReadOnlyList<int> Held, IReadOnlyList<FinishedPart> Finished, IReadOnlyList<FailedAttempt> Failed) Snapshot()
    {
        lock (_lock)
        {
            _changed = NewSignal();
            return ([.. _making, .. _waiting], [.. _finished], [.. _failed]);
        }
    }

    /// <summary>The coordinator has what a snapshot said, and leased and took back parts.</summary>
    internal void Reported(int finished, int failed, IReadOnlyList<int> leased, IReadOnlyList<int> dropped)
    {
        lock (_lock)
        {
            _finished.RemoveRange(0, finished);
            _failed.RemoveRange(0, failed);
            // One that is being made is made to its end: it counts for nothing, and does no harm.
            foreach (var part in dropped) _waiting.Remove(part);
            foreach (var part in leased) _waiting.AddLast(part);
        }
    }

    /// <summary>The next part to make in a run that has begun so many parts; null to end the run.</summary>
    internal int? Next(int begun)
    {
        lock (_lock)
        {
            if (_waiting.First?.Value is not { } part || (begun > 0 && (_suspects.Contains(part) || _making.Overlaps(_suspects)))) return null;
            _waiting.RemoveFirst();
            _making.Add(part);
            if (_waiting.Count == 0) _changed.TrySetResult();
            return part;
        }
    }

    internal void Finish(int part, int unusable)
    {
        lock (_lock)
        {
            _making.Remove(part);
            _suspects.Remove(part);
            _finished.Add(new FinishedPart(part, unusable));
            _changed.TrySetResult();
        }
    }

    /// <summary>The run threw. If it had one part, that part has failed; otherwise all of them are tried alone.</summary>
    /// <returns>Whether a part has failed.</returns>
    internal bool Fail(string reason)
    {
        lock (_lock)
        {
            var alone = _making.Count == 1;
            foreach (var part in _making.OrderDescending())
            {
                if (alone)
                {
                    _suspects.Remove(part);
                    _failed.Add(new FailedAttempt(part, reason));
                }
                else
                {
                    _suspects.Add(part);
                    _waiting.AddFirst(part);
                }
            }

            _making.Clear();
            _changed.TrySetResult();
            return alone;
        }
    }

    /// <summary>Gives everything back that is not finished.</summary>
    internal void Clear()
    {
        lock (_lock)
        {
            _waiting.Clear();
            _making.Clear();
            _changed.TrySetResult();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
