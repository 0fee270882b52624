using Orleans.Messaging;

namespace OnnxTransfer.Cluster.Storage;

/// <summary>Where a client reaches the cluster: any silo that the table of members has as active.</summary>
internal sealed class PostgresGateways(PostgresMembership membership) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => TimeSpan.FromSeconds(5);

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => membership.InitializeMembershipTable(tryInitTableVersion: false);

    public async Task<IList<Uri>> GetGateways() => await membership.GatewaysAsync().ConfigureAwait(false);
}
