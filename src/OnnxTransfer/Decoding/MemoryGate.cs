using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Admits images to decoding while the memory of all admitted images stays under a budget. An image that needs more than the budget is
/// admitted when no other image is inside. Memory therefore stays under the larger of the budget and the largest image that the other
/// limits allow. Images are admitted in the order in which they came, so small images do not delay a large one forever. Thread-safe.
/// </summary>
/// <remarks>
/// An admitted image is decoded and leaves; it never waits for another place, so there is no deadlock. A decoder of the application could
/// be an exception if it calls the library during a decode. A thread that is already inside is therefore admitted at once. Freed memory
/// counts until it has been returned to the system, which is done when an image needs the room.
/// </remarks>
/// <param name="giveBack">Returns freed memory to the system.</param>
internal sealed class MemoryGate(Action giveBack)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _waiting = [];
    private long _bytes;
    private long _freed;
    private int _active;

    [ThreadStatic]
    private static int t_inside;

    /// <summary>The gate of the process.</summary>
    internal static MemoryGate Shared { get; } = new(NativeHeap.TrimAll);

    /// <summary>The number of waiting images.</summary>
    internal int Waiting
    {
        get { lock (_lock) return _waiting.Count; }
    }

    /// <summary>The number of admitted images.</summary>
    internal int Active
    {
        get { lock (_lock) return _active; }
    }

    /// <summary>The bytes that the admitted images need.</summary>
    internal long Bytes
    {
        get { lock (_lock) return _bytes; }
    }

    /// <summary>Waits for a place on the calling thread.</summary>
    /// <param name="bytes">The bytes that the image needs.</param>
    /// <param name="budget">The bytes that all admitted images may need together, including this one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled before there was a place.</exception>
    internal Entry Enter(long bytes, long budget, CancellationToken cancellationToken)
    {
        var entry = EnterAsync(bytes, budget, cancellationToken);
        // Wait on a task, not on an event, because the thread pool adds a thread at once for a thread that blocks on a task.
        return entry.IsCompletedSuccessfully ? entry.Result : entry.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>Waits for a place without holding a thread.</summary>
    /// <inheritdoc cref="Enter"/>
    internal ValueTask<Entry> EnterAsync(long bytes, long budget, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<Entry>(cancellationToken);
        var entry = new Entry(this, bytes, budget);
        lock (_lock)
        {
            if (t_inside > 0 || (_waiting.Count == 0 && HasRoom(entry)))
            {
                Admit(entry);
                return ValueTask.FromResult(entry);
            }

            entry.Wait(_waiting.AddLast(entry));
        }

        return new ValueTask<Entry>(entry.AdmittedAsync(cancellationToken));
    }

    private bool HasRoom(Entry entry)
    {
        if (entry.Bytes <= entry.Budget - _bytes - _freed) return true;
        if (_active > 0 && entry.Bytes > entry.Budget - _bytes) return false;
        giveBack();
        _freed = 0;
        return true;
    }

    private void Admit(Entry entry)
    {
        entry.IsInside = true;
        _active++;
        _bytes += entry.Bytes;
    }

    private void AdmitWaiting()
    {
        while (_waiting.First is { } first && HasRoom(first.Value))
        {
            _waiting.RemoveFirst();
            Admit(first.Value);
            first.Value.Tell();
        }
    }

    /// <summary>The place of one image. Disposing it more than once does nothing.</summary>
    internal sealed class Entry : IDisposable
    {
        private readonly MemoryGate _gate;
        private LinkedListNode<Entry>? _node;
        private TaskCompletionSource? _admitted;

        internal Entry(MemoryGate gate, long bytes, long budget) => (_gate, Bytes, Budget) = (gate, bytes, budget);

        internal long Bytes { get; }

        internal long Budget { get; }

        internal bool IsInside { get; set; }

        /// <summary>Marks the calling thread as decoding until the result is disposed.</summary>
        internal static Inside OnThread() => new(t_inside++);

        /// <summary>Leaves the gate, or stops waiting.</summary>
        public void Dispose()
        {
            lock (_gate._lock)
            {
                if (IsInside)
                {
                    IsInside = false;
                    _gate._active--;
                    _gate._bytes -= Bytes;
                    _gate._freed += Bytes;
                }
                else if (_node?.List is not null)
                {
                    _gate._waiting.Remove(_node);
                }

                // The first waiting image has left, or there is room.
                _gate.AdmitWaiting();
            }
        }

        internal void Wait(LinkedListNode<Entry> node)
        {
            _node = node;
            // The thread that leaves must not run the continuations of the admitted images.
            _admitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        internal void Tell() => _admitted!.TrySetResult();

        internal async Task<Entry> AdmittedAsync(CancellationToken cancellationToken)
        {
            try
            {
                await _admitted!.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                return this;
            }
            catch
            {
                // The image may have been admitted at the same moment.
                Dispose();
                throw;
            }
        }
    }

    /// <summary>A thread that is decoding.</summary>
    internal readonly ref struct Inside(int before)
    {
        public void Dispose() => t_inside = before;
    }
}
