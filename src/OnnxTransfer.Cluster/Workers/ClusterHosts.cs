using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OnnxTransfer.Cluster.Jobs;
using OnnxTransfer.Cluster.Storage;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime.Hosting;

namespace OnnxTransfer.Cluster.Workers;

/// <summary>Builds the hosts: a silo for a worker, a client for the commands that ask one.</summary>
internal static class ClusterHosts
{
    /// <summary>
    /// Names what belongs together. Orleans keys the state of grains by this too, but the tables of this tool are keyed by the cluster's name.
    /// </summary>
    private const string Service = "onnxtransfer";

    private static readonly TimeSpan s_response = TimeSpan.FromSeconds(5);

    /// <summary>A silo.</summary>
    /// <param name="database">The database, which stays the caller's.</param>
    /// <param name="network">Where it listens.</param>
    /// <param name="name">Its name.</param>
    /// <param name="fatal">What to do when the silo cannot go on: another one holds it for dead.</param>
    /// <param name="isVerbose">Whether Orleans may log to standard error.</param>
    internal static IHost Silo(ClusterDatabase database, ClusterNetwork network, string name, IFatalErrorHandler fatal, bool isVerbose)
    {
        var builder = Empty(isVerbose);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (database.Cluster, Service));
            silo.Configure<SiloOptions>(options => options.SiloName = name);
            var siloPort = network.SiloPort == 0 ? ClusterNetwork.Free(network.Address) : network.SiloPort;
            var gatewayPort = network.GatewayPort == 0 ? ClusterNetwork.Free(network.Address) : network.GatewayPort;
            silo.ConfigureEndpoints(network.Address, siloPort, gatewayPort);
            silo.Configure<ClusterMembershipOptions>(options =>
            {
                // A lost silo is noticed within a few seconds; the defaults take 16, and a minute for one that is stopped.
                options.ProbeTimeout = TimeSpan.FromSeconds(1);
                options.NumMissedProbesLimit = 3;
                options.NumVotesForDeathDeclaration = 1;
                options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
                // Of silos that all died at once, nobody is left to say so: who comes later ignores them after so long.
                options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
                options.NumMissedTableIAmAliveLimit = 3;
                options.DefunctSiloExpiration = TimeSpan.FromHours(1);
                options.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
            });
            silo.Configure<SiloMessagingOptions>(options => (options.ResponseTimeout, options.SystemResponseTimeout) = (s_response, s_response));
            if (network.Certificate is not null) silo.UseTls(network.Configure);
            silo.Services.AddSingleton(database);
            silo.Services.AddSingleton(TimeProvider.System);
            silo.Services.AddSingleton<IMembershipTable>(new PostgresMembership(database, ToolVersion.Text));
            silo.Services.AddGrainStorage(PostgresGrainStorage.Name, (_, _) => new PostgresGrainStorage(database, StateContracts.Default));
            silo.Services.AddSingleton(fatal);
        });
        return builder.Build();
    }

    /// <summary>A client.</summary>
    internal static IHost Client(ClusterDatabase database, ClusterNetwork network, bool isVerbose)
    {
        var builder = Empty(isVerbose);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (database.Cluster, Service));
            client.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = s_response * 2);
            if (network.Certificate is not null) client.UseTls(network.Configure);
            client.Services.AddSingleton<IGatewayListProvider>(new PostgresGateways(new PostgresMembership(database, ToolVersion.Text)));
        });
        return builder.Build();
    }

    private static HostApplicationBuilder Empty(bool isVerbose)
    {
        // Empty: no settings are taken from files or variables of the folder that the tool happens to be started in.
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(10));
        if (isVerbose) builder.Logging.AddProvider(new ErrorLog()).SetMinimumLevel(LogLevel.Information);
        else builder.Logging.SetMinimumLevel(LogLevel.None);
        return builder;
    }

    /// <summary>Signals are the tool's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
