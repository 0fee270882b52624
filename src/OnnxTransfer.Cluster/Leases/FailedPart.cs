namespace OnnxTransfer.Cluster.Leases;

/// <summary>A part that was given up.</summary>
/// <param name="Part">Its number.</param>
/// <param name="Worker">The worker of the last attempt.</param>
/// <param name="Reason">Why that attempt failed.</param>
[GenerateSerializer, Immutable]
internal sealed record FailedPart([property: Id(0)] int Part, [property: Id(1)] string Worker, [property: Id(2)] string Reason);
