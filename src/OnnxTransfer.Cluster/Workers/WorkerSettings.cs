namespace OnnxTransfer.Cluster.Workers;

/// <summary>What a worker was started with.</summary>
/// <param name="Name">The machine and the process.</param>
/// <param name="Store">The store.</param>
/// <param name="Backbone">The network to use instead of the one that a job names; it must be equal. Null for the job's.</param>
/// <param name="Machine">Where networks run.</param>
internal sealed record WorkerSettings(string Name, SharedStore Store, string? Backbone, FeatureExtractorOptions Machine);
