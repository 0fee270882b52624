using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Storage;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>
/// A worker: a silo of the cluster that makes parts of its jobs, oldest job first. If its silo is lost (the database is away at its start, or
/// the others held it for dead), it joins again with a new one.
/// </summary>
/// <param name="settings">What it was started with.</param>
/// <param name="database">The database.</param>
/// <param name="network">Where it listens.</param>
/// <param name="isVerbose">Whether Orleans may log.</param>
internal sealed class Worker(WorkerSettings settings, ClusterDatabase database, ClusterNetwork network, bool isVerbose)
{
    /// <summary>How often a worker without work asks for some.</summary>
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _refusing = new(StringComparer.Ordinal);
    private OpenedJob? _job;

    /// <summary>Works until it is stopped.</summary>
    /// <exception cref="OnnxTransferException">The worker may not join.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff();
        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var lost = new LostSilo();
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lost.Token);
                IHost? host = null;
                try
                {
                    await database.InitializeAsync(cancellationToken).ConfigureAwait(false);
                    await RequireSameVersionAsync().ConfigureAwait(false);
                    host = ClusterHosts.Silo(database, network, settings.Name, lost, isVerbose);
                    await host.StartAsync(stop.Token).ConfigureAwait(false);
                    Tell($"joined the cluster '{database.Cluster}' at {database.Shown} as {settings.Name}");
                    backoff.Reset();
                    await WorkAsync(host.Services.GetRequiredService<IGrainFactory>(), host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress, stop.Token).ConfigureAwait(false);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not VersionRefusedException)
                {
                    var wait = backoff.Next();
                    Tell($"{(lost.Reason is { } reason ? $"this worker's silo was lost ({reason})" : $"cannot join the cluster at {database.Shown}: {ClusterErrors.OneLine(exception.GetBaseException().Message)}")} Trying again in {wait.TotalSeconds:0.0} s.");
                    await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    if (host is not null) await StopAsync(host, lost.Reason is not null).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _job?.Dispose();
        }
    }

    private async Task WorkAsync(IGrainFactory grains, SiloAddress silo, CancellationToken cancellationToken)
    {
        var list = grains.GetGrain<IJobListGrain>(0);
        var backoff = new Backoff();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var worked = false;
                foreach (var id in await list.GetActiveAsync().WaitAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (_refusing.Contains(id)) continue;
                    worked = await WorkAsync(grains.GetGrain<IJobGrain>(id), silo, cancellationToken).ConfigureAwait(false);
                    if (worked) break;
                }

                backoff.Reset();
                if (!worked) await Task.Delay(s_idle, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                var wait = backoff.Next();
                if (wait > TimeSpan.FromSeconds(2)) Tell($"waiting: {ClusterErrors.OneLine(exception.Message)} Trying again in {wait.TotalSeconds:0} s.");
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Works on one job.</summary>
    /// <returns>Whether there was something to do.</returns>
    private async Task<bool> WorkAsync(IJobGrain coordinator, SiloAddress silo, CancellationToken cancellationToken)
    {
        if (await coordinator.GetSpecAsync().WaitAsync(cancellationToken).ConfigureAwait(false) is not { } spec) return false;
        var identity = new WorkerIdentity(settings.Name, silo, ToolVersion.Text, "", Fingerprint: null);
        try
        {
            // The version is compared before the network is opened: another version might not open it.
            if (spec.Version == ToolVersion.Text) await OpenAsync(spec, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OnnxTransferException or ArgumentException or NotSupportedException or InvalidDataException)
        {
            var reason = ClusterErrors.OneLine(exception.Message);
            Refuse(spec, reason);
            await coordinator.RefuseAsync(identity, reason).ConfigureAwait(false);
            return false;
        }

        if (_job is not { } job || spec.Version != ToolVersion.Text)
        {
            // The coordinator says why, and shows it in the job's status.
            if ((await coordinator.ExchangeAsync(new ExchangeRequest { Worker = identity, Number = 0 }).ConfigureAwait(false)).Refusal is { } refusal) Refuse(spec, refusal);
            return false;
        }

        var run = new JobRun(job, coordinator, identity with { Provider = job.Provider, Fingerprint = job.Fingerprint }, Tell);
        var ending = await run.RunAsync(cancellationToken).ConfigureAwait(false);
        if (ending == JobRun.Ending.Refused) _refusing.Add(spec.Id);
        if (ending == JobRun.Ending.Idle) return run.Parts > 0;
        job.Dispose();
        _job = null;
        if (ending == JobRun.Ending.Ended && run.Parts > 0) Tell($"job {spec.Id} has ended");
        return run.Parts > 0;
    }

    private async Task OpenAsync(JobSpec spec, CancellationToken cancellationToken)
    {
        if (_job?.Spec == spec) return;
        _job?.Dispose();
        _job = null;
        _job = await OpenedJob.OpenAsync(spec, settings.Store, settings.Backbone, settings.Machine, cancellationToken).ConfigureAwait(false);
        Tell($"working on job {spec.Id}: {spec.Output}, {_job.Provider}");
    }

    private void Refuse(JobSpec spec, string reason)
    {
        Tell($"refused by job {spec.Id}: {reason}");
        _refusing.Add(spec.Id);
    }

    private async Task RequireSameVersionAsync()
    {
        if (await new PostgresMembership(database, ToolVersion.Text).OtherVersionAsync().ConfigureAwait(false) is not { } other) return;
        var refusal = ClusterErrors.OtherVersion(ToolVersion.Text, other);
        await database.RefuseAsync(settings.Name, refusal).ConfigureAwait(false);
        throw new VersionRefusedException(refusal);
    }

    /// <summary>Leaves the cluster, so that nobody waits for this silo; one that is lost has nobody to tell.</summary>
    private static async Task StopAsync(IHost host, bool isLost)
    {
        using var limit = new CancellationTokenSource(isLost ? TimeSpan.Zero : TimeSpan.FromSeconds(10));
        try
        {
            await host.StopAsync(limit.Token).WaitAsync(TimeSpan.FromSeconds(15)).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The others notice that it is gone.
        }

        if (host is IAsyncDisposable disposable) await disposable.DisposeAsync().ConfigureAwait(false);
    }

    private static void Tell(string what) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {what}");
}
