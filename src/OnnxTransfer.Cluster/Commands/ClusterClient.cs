using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OnnxTransfer.Cluster.Storage;
using OnnxTransfer.Cluster.Workers;

namespace OnnxTransfer.Cluster.Commands;

/// <summary>Asks the cluster, through any of its workers.</summary>
internal static class ClusterClient
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <summary>Connects, asks and leaves.</summary>
    /// <exception cref="OnnxTransferException">The database or the workers cannot be reached.</exception>
    internal static async Task<T> AskAsync<T>(ClusterDatabase database, ClusterNetwork network, bool isVerbose, Func<IGrainFactory, Task<T>> ask, CancellationToken cancellationToken)
    {
        var membership = new PostgresMembership(database, ToolVersion.Text);
        try
        {
            await database.InitializeAsync(cancellationToken).ConfigureAwait(false);
            if ((await membership.GatewaysAsync().ConfigureAwait(false)).Count == 0) throw ClusterErrors.NoWorker(database.Cluster, database.Shown);
            if (await membership.OtherVersionAsync().ConfigureAwait(false) is { } other) throw new OnnxTransferException(ClusterErrors.OtherVersion(ToolVersion.Text, other));
        }
        catch (NpgsqlException exception)
        {
            throw ClusterErrors.NoDatabase(database.Shown, exception);
        }

        using var host = ClusterHosts.Client(database, network, isVerbose);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_patience);
        try
        {
            await host.StartAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            try
            {
                return await AskAsync(host.Services.GetRequiredService<IGrainFactory>(), ask, limit.Token).ConfigureAwait(false);
            }
            finally
            {
                await host.StopAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && exception is not OnnxTransferException)
        {
            throw ClusterErrors.NoAnswer(database.Cluster, database.Shown, exception);
        }
    }

    /// <summary>A coordinator may be moving from a lost silo to another.</summary>
    private static async Task<T> AskAsync<T>(IGrainFactory grains, Func<IGrainFactory, Task<T>> ask, CancellationToken cancellationToken)
    {
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                return await ask(grains).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not (OnnxTransferException or OperationCanceledException))
            {
                await Task.Delay(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
