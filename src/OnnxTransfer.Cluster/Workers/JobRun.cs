using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Embedding.Sets;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>
/// One worker's work on one job: leases parts, makes them, and reports them, until the job has nothing more for it. While the coordinator
/// cannot be reached, the worker makes what it has; while the store cannot be written, it gives back what it has and waits.
/// </summary>
/// <param name="job">The job on this machine.</param>
/// <param name="coordinator">The job's coordinator.</param>
/// <param name="identity">Who this worker is.</param>
/// <param name="tell">Says something on the console.</param>
internal sealed class JobRun(OpenedJob job, IJobGrain coordinator, WorkerIdentity identity, Action<string> tell)
{
    /// <summary>So many images are leased ahead, so that small parts do not wait for the coordinator.</summary>
    private const int ImagesAhead = 256;

    /// <summary>The manifest is given up after so many tries: a folder that another run has planned anew stays so.</summary>
    private const int ManifestTries = 5;

    // Numbers grow over all runs of a process.
    private static long s_number;

    private readonly PartQueue _queue = new();
    private readonly Backoff _storeBackoff = new();
    private readonly int _ahead = Math.Max(1, (ImagesAhead + job.Spec.PartSize - 1) / job.Spec.PartSize);
    private volatile string? _waiting;
    private bool _isTroubled;
    private Task<ManifestReport>? _closing;

    /// <summary>How the work ended.</summary>
    internal enum Ending
    {
        /// <summary>Other workers have all that is left.</summary>
        Idle,

        /// <summary>The job has ended.</summary>
        Ended,

        /// <summary>This worker may not work on the job.</summary>
        Refused,
    }

    /// <summary>The parts that this run has written or found.</summary>
    internal int Parts { get; private set; }

    /// <summary>Works until the job has nothing more for this worker.</summary>
    /// <param name="cancellationToken">Stops: parts in progress are given back.</param>
    internal async Task<Ending> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var making = Task.CompletedTask;
        try
        {
            var backoff = new Backoff();
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ExchangeReply reply;
                try
                {
                    reply = await ExchangeAsync(WantedNow()).ConfigureAwait(false);
                    backoff.Reset();
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    // The coordinator is between two silos, or its database is away. What is queued is made meanwhile.
                    var wait = backoff.Next();
                    if (wait > TimeSpan.FromSeconds(5)) tell($"job {job.Spec.Id}: the coordinator does not answer ({OneLine(exception)}); trying again");
                    await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                if (reply.Refusal is { } refusal)
                {
                    tell($"refused by job {job.Spec.Id}: {refusal}");
                    return Ending.Refused;
                }

                if (reply.Phase != JobPhase.Running) return Ending.Ended;
                if (reply.WriteManifest) _closing ??= Task.Run(() => CloseAsync(stop.Token), cancellationToken);
                if (_closing is { IsCompleted: true } closed)
                {
                    // Before the coordinator has it, the lease is kept.
                    if (await TryReportAsync(await closed.ConfigureAwait(false)).ConfigureAwait(false)) _closing = null;
                    continue;
                }

                if (making.IsCompleted && _queue.Waiting > 0) making = MakeAsync(stop.Token);
                if (making.IsCompleted && _closing is null && _queue.IsEmpty && _waiting is null) return Ending.Idle;
                await WaitAsync(job.Spec.Lease / 3, making, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await making.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_closing is not null) await ((Task)_closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellationToken.IsCancellationRequested) await LeaveAsync().ConfigureAwait(false);
        }
    }

    private int WantedNow() => _waiting is null ? Math.Max(0, _ahead - _queue.Waiting) : 0;

    private async Task<ExchangeReply> ExchangeAsync(int wanted)
    {
        var (held, finished, failed) = _queue.Snapshot();
        var reply = await coordinator.ExchangeAsync(new ExchangeRequest
        {
            Worker = identity,
            Wanted = wanted,
            Held = held,
            Finished = finished,
            Failed = failed,
            Waiting = _waiting,
            IsClosing = _closing is not null,
            Number = Interlocked.Increment(ref s_number),
        }).ConfigureAwait(false);
        Parts += finished.Count;
        _queue.Reported(finished.Count, failed.Count, reply.Leased, reply.Dropped);
        return reply;
    }

    /// <summary>Waits until there is something to say, or the leases need it.</summary>
    private async Task WaitAsync(TimeSpan most, Task making, CancellationToken cancellationToken)
    {
        var until = Task.Delay(most, cancellationToken);
        Task[] events = [until, _queue.Changed, .. making.IsCompleted ? Array.Empty<Task>() : [making], .. _closing is { IsCompleted: false } closing ? [closing] : Array.Empty<Task>()];
        await Task.WhenAny(events).ConfigureAwait(false);
    }

    /// <summary>Makes the parts of the queue, and comes back when it is empty.</summary>
    private async Task MakeAsync(CancellationToken cancellationToken)
    {
        // The coordinator's thread must not wait for disks.
        await Task.Yield();
        while (_queue.Waiting > 0 && !cancellationToken.IsCancellationRequested)
        {
            try
            {
                await job.RunAsync(Parts(), Written, cancellationToken).ConfigureAwait(false);
                if (_isTroubled) tell($"job {job.Spec.Id}: the store can be used again");
                _isTroubled = false;
                _storeBackoff.Reset();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Full, or away: others may be luckier with these parts.
                _isTroubled = true;
                _waiting = $"the store cannot be used: {OneLine(exception)}";
                _queue.Clear();
                var wait = _storeBackoff.Next();
                tell($"job {job.Spec.Id}: {_waiting} Trying again in {wait.TotalSeconds:0} s.");
                await Task.Delay(wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                _waiting = null;
            }
            catch (Exception exception)
            {
                if (_queue.Fail($"{exception.GetType().Name}: {OneLine(exception)}")) tell($"job {job.Spec.Id}: a part failed: {OneLine(exception)}");
            }
        }

#pragma warning disable CS1998 // The pipeline takes its images from an asynchronous sequence.
        async IAsyncEnumerable<PlannedPart> Parts()
#pragma warning restore CS1998
        {
            for (var begun = 0; _queue.Next(begun) is { } part;)
            {
                // A part whose report was lost, or that a run without a cluster has made.
                if (job.Find(part) is { } sound)
                {
                    _queue.Finish(part, sound.Images - sound.Rows);
                    continue;
                }

                begun++;
                yield return job.Read(part);
            }
        }
    }

    private void Written(int part, SoundPart sound)
    {
        if (sound.Rows < sound.Images && !job.IsStoreThere)
        {
            File.Delete(job.Folder.Json(sound.Name));
            throw ClusterErrors.StoreLost(job.Folder.Path);
        }

        _queue.Finish(part, sound.Images - sound.Rows);
    }

    private async Task<ManifestReport> CloseAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var missing = job.Close(cancellationToken);
                return new ManifestReport(missing.Count > 0 ? 0 : job.Unusable(), missing, null);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && tries < ManifestTries)
            {
                var wait = _storeBackoff.Next();
                tell($"job {job.Spec.Id}: the manifest could not be written ({OneLine(exception)}) Trying again in {wait.TotalSeconds:0} s.");
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                return new ManifestReport(0, [], OneLine(exception));
            }
        }
    }

    private async Task<bool> TryReportAsync(ManifestReport report)
    {
        try
        {
            await coordinator.CloseAsync(identity, report).ConfigureAwait(false);
            return true;
        }
        catch (Exception)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.5)).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Says what is finished and gives the rest back, if the coordinator answers.</summary>
    private async Task LeaveAsync()
    {
        _queue.Clear();
        try
        {
            await ExchangeAsync(wanted: 0).WaitAsync(TimeSpan.FromSeconds(3)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The leases end by themselves.
        }
    }

    private static string OneLine(Exception exception) => ClusterErrors.OneLine(exception.Message);
}
