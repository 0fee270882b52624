using Microsoft.Extensions.Logging;
using OnnxTransfer.Cluster.Leases;
using OnnxTransfer.Cluster.Storage;
using Orleans.Concurrency;
using Orleans.Storage;

namespace OnnxTransfer.Cluster.Jobs;

/// <summary>
/// <inheritdoc cref="IJobGrain"/> Leases are in its memory alone. Which parts are done is written to the database a few times a second, one
/// write at a time, while the grain goes on: a bit that is lost with its process costs the check of a part that is there already.
/// </summary>
[Reentrant]
internal sealed partial class JobGrain(
    [PersistentState("job", PostgresGrainStorage.Name)] IPersistentState<JobState> state, ISiloStatusOracle silos, ILocalSiloDetails here, TimeProvider time, ILogger<JobGrain> logger)
    : Grain, IJobGrain
{
    private static readonly TimeSpan s_writeInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>A worker that was silent for so long is no longer shown.</summary>
    private static readonly TimeSpan s_shown = TimeSpan.FromMinutes(10);

    private readonly long _began = time.GetTimestamp();
    private readonly Dictionary<string, WorkerRecord> _workers = [];
    private readonly Dictionary<string, RefusedWorker> _refused = [];
    private LeaseTable? _parts;
    private LeaseTable? _manifest;
    private long _lost;
    private bool _isChanged;
    private Task _write = Task.CompletedTask;

    private JobState State => state.State;

    private TimeSpan Now => time.GetElapsedTime(_began);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Open();
        this.RegisterGrainTimer(WriteAsync, new GrainTimerCreationOptions(s_writeInterval, s_writeInterval) { Interleave = true, KeepAlive = false });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => WriteAsync(cancellationToken);

    public async Task<JobPhase> StartAsync(JobSpec spec)
    {
        if (State.Spec is null || State.Phase is JobPhase.Failed or JobPhase.Canceled)
        {
            // What is done stays done where a job begins again.
            var done = State.Spec is null ? new PartSet(spec.PartCount) : _parts!.Done;
            (State.Spec, State.Phase, State.Done, State.Failed, State.Problem, State.Provider) = (spec, JobPhase.Running, done.ToBytes(), [], null, done.Number == 0 ? null : State.Provider);
            Open();
            _isChanged = true;
            await RequireWrittenAsync().ConfigureAwait(true);
        }

        return State.Phase;
    }

    public Task<JobSpec?> GetSpecAsync() => Task.FromResult(State.Spec);

    public async Task<ExchangeReply> ExchangeAsync(ExchangeRequest request)
    {
        if (State.Spec is not { } spec || _parts is null || _manifest is null) return new ExchangeReply { Phase = JobPhase.Canceled };
        if (State.Phase != JobPhase.Running)
        {
            // The list may not know it yet: the write of the phase comes first, and either may have failed.
            if (!_isChanged && _write.IsCompleted) await GrainFactory.GetGrain<IJobListGrain>(0).EndAsync(spec.Id).ConfigureAwait(true);
            return new ExchangeReply { Phase = State.Phase, Dropped = request.Held };
        }

        var worker = request.Worker;
        if (await RefusalAsync(spec, worker).ConfigureAwait(true) is { } refusal)
        {
            _refused[worker.Name] = new RefusedWorker(worker.Name, refusal);
            foreach (var part in request.Held) _parts.Return(worker.Key, part);
            return new ExchangeReply { Phase = State.Phase, Dropped = request.Held, Refusal = refusal };
        }

        var now = Now;
        _refused.Remove(worker.Name);
        var record = RecordOf(worker, now);
        Take(request, record, now);
        if (request.Number <= record.Number) return new ExchangeReply { Phase = State.Phase };
        record.Heard(request, now);
        _parts.Reconcile(worker.Key, request.Held);
        var dropped = _parts.Renew(worker.Key, request.Held, now);
        var wanted = Math.Min(request.Wanted, FairShare(spec, now));
        var leased = _parts.Take(worker.Key, wanted, now);
        if (leased.Count < wanted && _parts.LeasedCount > leased.Count)
        {
            // Nothing is left but what others have: the parts of those who are gone need no waiting.
            _parts.Lose(IsGone);
            leased.AddRange(_parts.Take(worker.Key, wanted - leased.Count, now));
        }

        Settle();
        if (request.IsClosing) _manifest.Renew(worker.Key, [0], now);
        var closes = !request.IsClosing && State.Phase == JobPhase.Running && _parts.IsSettled && request.Wanted > 0 && TakeManifest(worker.Key, now);
        return new ExchangeReply { Phase = State.Phase, Leased = leased, Dropped = dropped, WriteManifest = closes };
    }

    public async Task CloseAsync(WorkerIdentity worker, ManifestReport report)
    {
        if (State.Phase != JobPhase.Running || _parts is not { IsSettled: true } || _manifest is null) return;
        if (report.Missing.Count > 0)
        {
            _manifest.Return(worker.Key, 0);
            foreach (var part in report.Missing.Where(part => part >= 0 && part < _parts.Done.Count)) _parts.Reopen(part);
        }
        else if (report.Problem is { } problem)
        {
            if (!_manifest.Fail(worker.Key, 0, problem)) return;
            (State.Phase, State.Problem) = (JobPhase.Failed, problem);
        }
        else
        {
            (State.Phase, State.Unusable) = (JobPhase.Done, report.Unusable);
        }

        _isChanged = true;
        await WriteAsync(default).ConfigureAwait(true);
    }

    public Task RefuseAsync(WorkerIdentity worker, string reason)
    {
        _refused[worker.Name] = new RefusedWorker(worker.Name, reason);
        return Task.CompletedTask;
    }

    public Task<JobStatus?> GetStatusAsync()
    {
        if (State.Spec is not { } spec || _parts is null) return Task.FromResult<JobStatus?>(null);
        var now = Now;
        return Task.FromResult<JobStatus?>(new JobStatus
        {
            Spec = spec,
            Phase = State.Phase,
            PartsDone = _parts.Done.Number,
            PartsLeased = _parts.LeasedCount,
            ImagesDone = ImagesDone(spec),
            Unusable = State.Unusable,
            LeasesLost = _parts.LostCount,
            Failed = [.. _parts.Failed],
            Workers = [.. _workers.Values.Where(worker => worker.Silent(now) < s_shown).Select(worker => worker.ToStatus(now)).OrderBy(worker => worker.Worker, StringComparer.Ordinal)],
            Refused = [.. _refused.Values.OrderBy(worker => worker.Worker, StringComparer.Ordinal)],
            Problem = State.Problem,
            Coordinator = here.Name,
            CoordinatorBytes = Environment.WorkingSet,
        });
    }

    public async Task<JobPhase> CancelAsync()
    {
        if (State is { Spec: not null, Phase: JobPhase.Running })
        {
            State.Phase = JobPhase.Canceled;
            _isChanged = true;
            await RequireWrittenAsync().ConfigureAwait(true);
        }

        return State.Phase;
    }

    private void Open()
    {
        if (State.Spec is not { } spec) return;
        _parts = new LeaseTable(PartSet.FromBytes(spec.PartCount, State.Done), spec.Lease, State.Failed);
        // The manifest takes long for many parts, and is one more thing that one worker does and another takes over.
        _manifest = new LeaseTable(new PartSet(1), spec.Lease, []);
        _lost = 0;
    }

    private async Task<string?> RefusalAsync(JobSpec spec, WorkerIdentity worker)
    {
        if (worker.Version != spec.Version) return ClusterErrors.JobOfOtherVersion(worker.Version, spec.Version);
        if (worker.Fingerprint is { } fingerprint && fingerprint != spec.Network.Fingerprint) return ClusterErrors.OtherNetwork(spec.Network.Backbone, fingerprint, spec.Network.Fingerprint);
        if (!spec.RequireSameProvider || worker.Fingerprint is null) return null;
        if (State.Provider is null)
        {
            // Written before the first part is made, so that no part of another provider can follow a coordinator that was lost.
            State.Provider = worker.Provider;
            _isChanged = true;
            await RequireWrittenAsync().ConfigureAwait(true);
        }

        return State.Provider == worker.Provider ? null : ClusterErrors.OtherProvider(worker.Provider, State.Provider!);
    }

    private void Take(ExchangeRequest request, WorkerRecord record, TimeSpan now)
    {
        foreach (var finished in request.Finished)
        {
            if (!_parts!.Complete(finished.Part)) continue;
            var images = State.Spec!.ImagesIn(finished.Part);
            record.Count(images, now);
            State.Unusable += finished.Unusable;
            _isChanged = true;
            ClusterMeter.PartDone(images);
        }

        foreach (var attempt in request.Failed)
            if (_parts!.Fail(request.Worker.Key, attempt.Part, attempt.Reason)) ClusterMeter.PartFailed();
    }

    private WorkerRecord RecordOf(WorkerIdentity worker, TimeSpan now)
    {
        if (_workers.TryGetValue(worker.Key, out var record)) return record;
        // Workers that came and went are forgotten; their leases ended long before.
        foreach (var (key, _) in _workers.Where(pair => pair.Value.Silent(now) > s_shown).ToList()) _workers.Remove(key);
        return _workers[worker.Key] = new WorkerRecord(worker);
    }

    private void Settle()
    {
        ClusterMeter.LeasesLost(_parts!.LostCount - _lost);
        _lost = _parts.LostCount;
        if (!_parts.IsSettled || _parts.Failed.Count == 0) return;
        State.Phase = JobPhase.Failed;
        _isChanged = true;
    }

    /// <summary>Half of what is left, divided among the workers: towards the end leases get small, so that all workers end together.</summary>
    private int FairShare(JobSpec spec, TimeSpan now)
    {
        var workers = _workers.Values.Count(worker => worker.Silent(now) < spec.Lease);
        return Math.Max(1, (_parts!.Done.Count - _parts.Done.Number - _parts.LeasedCount) / (2 * Math.Max(1, workers)));
    }

    private long ImagesDone(JobSpec spec)
    {
        var last = spec.PartCount - 1;
        var done = _parts!.Done;
        return ((long)done.Number * spec.PartSize) - (done.Contains(last) ? spec.PartSize - spec.ImagesIn(last) : 0);
    }

    private bool TakeManifest(string worker, TimeSpan now)
    {
        _manifest!.Lose(IsGone);
        return _manifest.Take(worker, 1, now).Count == 1;
    }

    private bool IsGone(string worker) => _workers.TryGetValue(worker, out var record) && silos.IsDeadSilo(record.Worker.Silo);

    private async Task RequireWrittenAsync()
    {
        // How the write that runs ends is told to who asked for it.
        while (!_write.IsCompleted) await _write.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        if (_isChanged) await WriteNowAsync().ConfigureAwait(true);
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        if (!_isChanged || !_write.IsCompleted) return;
        try
        {
            await WriteNowAsync().ConfigureAwait(true);
        }
        catch (InconsistentStateException)
        {
            // Another activation has written, or this one did and was not told: the next one reads what is there.
            DeactivateOnIdle();
        }
        catch (Exception exception)
        {
            // The database is away: the job goes on, and the next tick tries again.
            LogNotWritten(this.GetPrimaryKeyString(), exception.Message);
        }
    }

    /// <summary>Begins a write; none is running.</summary>
    private Task WriteNowAsync() => _write = WriteOnceAsync();

    private async Task WriteOnceAsync()
    {
        _isChanged = false;
        State.Done = _parts?.Done.ToBytes() ?? [];
        State.Failed = [.. _parts?.Failed ?? []];
        try
        {
            await state.WriteStateAsync().ConfigureAwait(true);
        }
        catch
        {
            _isChanged = true;
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The state of job {Job} could not be written and will be tried again: {Reason}")]
    private partial void LogNotWritten(string job, string reason);
}
