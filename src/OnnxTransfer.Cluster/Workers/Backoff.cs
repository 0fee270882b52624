namespace OnnxTransfer.Cluster.Workers;

/// <summary>Waits between tries, twice as long each time up to a limit, with a share of chance so that many workers do not come at once.</summary>
internal sealed class Backoff
{
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(30);

    private TimeSpan _next = TimeSpan.FromSeconds(0.5);

    /// <summary>The time to wait now.</summary>
    internal TimeSpan Next()
    {
        var wait = _next * (0.75 + (Random.Shared.NextDouble() / 2));
        _next = _next * 2 > s_most ? s_most : _next * 2;
        return wait;
    }

    /// <summary>Something worked.</summary>
    internal void Reset() => _next = TimeSpan.FromSeconds(0.5);
}
