using System.Diagnostics;

namespace OnnxTransfer.Hammer;

/// <summary>One disposal under fire: threads call until they are refused, and at a random moment their object is disposed.</summary>
/// <param name="subject">What is disposed, and the call.</param>
/// <param name="tally">Where the outcome is counted.</param>
/// <param name="random">Chooses the moment and the way of disposal.</param>
internal sealed class Round(Subject subject, Tally tally, Random random)
{
    private const int Threads = 3;

    private int _started;
    private int _inFlight;
    private volatile bool _isDisposed;

    private enum Outcome
    {
        Answered,
        Refused,
        Wrong,
    }

    /// <summary>Runs the round.</summary>
    /// <param name="typical">How long a call takes that nobody disturbs.</param>
    /// <returns>What went wrong; null for nothing.</returns>
    internal async Task<string?> RunAsync(TimeSpan typical)
    {
        tally.Rounds++;
        var callers = Enumerable.Range(0, Threads)
            .Select(_ => Task.Factory.StartNew(CallAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToArray();
        SpinWait.SpinUntil(() => Volatile.Read(ref _started) >= Threads);
        Wait(typical * (random.NextDouble() * 1.5));
        if (Volatile.Read(ref _inFlight) > 0) tally.Met++;
        await DisposeAsync(random.Next(4));
        _isDisposed = true;
        var wrong = await Task.WhenAll(callers);
        subject.Target.Dispose();
        if (Array.Find(wrong, one => one is not null) is { } first) return first;

        // Whatever was in flight, what is called afterward is refused.
        var (outcome, text) = await OnceAsync();
        return outcome == Outcome.Answered ? "a call after disposal was answered" : text;
    }

    private async Task<string?> CallAsync()
    {
        while (true)
        {
            var isLast = _isDisposed;
            Interlocked.Increment(ref _inFlight);
            Interlocked.Increment(ref _started);
            var (outcome, text) = await OnceAsync();
            Interlocked.Decrement(ref _inFlight);
            if (isLast || outcome != Outcome.Answered) return text;
        }
    }

    private async Task<(Outcome Outcome, string? Text)> OnceAsync()
    {
        try
        {
            await subject.Invoke();
            Interlocked.Increment(ref tally.Answered);
            return (Outcome.Answered, null);
        }
        catch (ObjectDisposedException exception) when (subject.Owners.Any(owner => owner.FullName == exception.ObjectName))
        {
            Interlocked.Increment(ref tally.Refused);
            return (Outcome.Refused, null);
        }
#pragma warning disable CA1031 // Any other exception is what this program looks for.
        catch (Exception exception)
        {
            return (Outcome.Wrong, exception.ToString());
        }
#pragma warning restore CA1031
    }

    private async Task DisposeAsync(int way)
    {
        switch (way)
        {
            case 0:
                subject.Target.Dispose();
                break;
            case 1:
                await ((IAsyncDisposable)subject.Target).DisposeAsync();
                break;
            default:
                await Task.WhenAll(
                    Task.Run(subject.Target.Dispose), Task.Run(subject.Target.Dispose), Task.Run(() => ((IAsyncDisposable)subject.Target).DisposeAsync().AsTask()));
                break;
        }
    }

    private static void Wait(TimeSpan time)
    {
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time) Thread.SpinWait(20);
    }
}
