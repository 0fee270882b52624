namespace OnnxTransfer.Internals;

/// <summary>
/// Counts the runs that use a native object, so that the object is freed after the last run. A run enters before its work and leaves
/// after it. Closing waits for the runs inside and refuses all others. Thread-safe, without a lock.
/// </summary>
/// <remarks>
/// Where <see cref="Close"/> blocks, a run is one run of a network: short, and without code of the user inside. That is why a progress
/// handler or a decoder may dispose the object whose call it is part of: the thread that closes is never one that is waited for.
/// </remarks>
/// <param name="owner">The public type that is disposed, for the message.</param>
#pragma warning disable CA1001 // A token source without a timer or a wait handle holds nothing that must be freed.
internal sealed class RunGate(Type owner)
#pragma warning restore CA1001
{
    /// <summary>The sign bit of <see cref="_state"/>; the other bits count the runs.</summary>
    private const int ClosedBit = int.MinValue;

    // A waiter must not go on inside of Exit, on the thread of a run.
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _closing = new();
    private int _state;

    internal bool IsClosed => Volatile.Read(ref _state) < 0;

    /// <summary>Canceled when the gate closes, for threads that wait for something else meanwhile.</summary>
    internal CancellationToken Closing => _closing.Token;

    /// <summary>Begins a run, which ends when the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    internal Lease Enter()
    {
        if (!TryEnter()) throw Refusal();
        return new Lease(this);
    }

    /// <summary>Begins a run that <see cref="Exit"/> ends, unless the gate is closed.</summary>
    internal bool TryEnter()
    {
        if (Interlocked.Increment(ref _state) > 0) return true;
        Exit();
        return false;
    }

    internal void Exit()
    {
        if (Interlocked.Decrement(ref _state) == ClosedBit) _empty.TrySetResult();
    }

    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    internal void ThrowIfClosed()
    {
        if (IsClosed) throw Refusal();
    }

    /// <summary>What a refused run throws.</summary>
    internal ObjectDisposedException Refusal() => new(owner.FullName);

    /// <summary>Refuses new runs and waits until the last one inside has left.</summary>
    /// <returns>True for the first caller, whose task it is to free the object.</returns>
    internal bool Close()
    {
        var isFirst = Refuse();
        _empty.Task.GetAwaiter().GetResult();
        return isFirst;
    }

    /// <inheritdoc cref="Close"/>
    internal async Task<bool> CloseAsync()
    {
        var isFirst = Refuse();
        await _empty.Task.ConfigureAwait(false);
        return isFirst;
    }

    private bool Refuse()
    {
        var before = Interlocked.Or(ref _state, ClosedBit);
        if (before < 0) return false;
        if (before == 0) _empty.TrySetResult();
        // The gate does not wait here, because the callback may be a user's code.
        _ = _closing.CancelAsync();
        return true;
    }

    /// <summary>A run; disposing it ends the run.</summary>
    internal readonly ref struct Lease(RunGate gate)
    {
        public void Dispose() => gate.Exit();
    }
}
