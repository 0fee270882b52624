namespace OnnxTransfer.Cluster.Storage;

/// <summary>A worker that may not work on a job, or not join at all.</summary>
/// <param name="Worker">Its name.</param>
/// <param name="Reason">Why.</param>
[GenerateSerializer, Immutable]
internal sealed record RefusedWorker([property: Id(0)] string Worker, [property: Id(1)] string Reason);
