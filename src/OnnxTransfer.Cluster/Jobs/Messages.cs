using OnnxTransfer.Cluster.Leases;
using OnnxTransfer.Cluster.Storage;

namespace OnnxTransfer.Cluster.Jobs;

/// <summary>Who asks for parts.</summary>
/// <param name="Name">The machine and the process.</param>
/// <param name="Silo">The worker's silo: if the cluster holds it for dead, the worker's leases end at once.</param>
/// <param name="Version">The version of the tool.</param>
/// <param name="Provider">Where the worker's network runs.</param>
/// <param name="Fingerprint">The network and preprocessing that the worker has opened; null before it has.</param>
[GenerateSerializer, Immutable]
internal sealed record WorkerIdentity(
    [property: Id(0)] string Name, [property: Id(1)] SiloAddress Silo, [property: Id(2)] string Version, [property: Id(3)] string Provider, [property: Id(4)] string? Fingerprint)
{
    /// <summary>A name that no other process ever had.</summary>
    internal string Key => $"{Name} {Silo.ToParsableString()}";
}

/// <summary>A part that is written.</summary>
/// <param name="Part">Its number.</param>
/// <param name="Unusable">The images that its ledger lists as unusable.</param>
[GenerateSerializer, Immutable]
internal sealed record FinishedPart([property: Id(0)] int Part, [property: Id(1)] int Unusable);

/// <summary>An attempt at a part that threw.</summary>
[GenerateSerializer, Immutable]
internal sealed record FailedAttempt([property: Id(0)] int Part, [property: Id(1)] string Reason);

/// <summary>How the writing of the manifest went.</summary>
/// <param name="Unusable">The images of the set that could not be used.</param>
/// <param name="Missing">The parts that are missing or damaged; there is no manifest if there is one.</param>
/// <param name="Problem">Why there is no manifest; null if there is, or if parts are missing.</param>
[GenerateSerializer, Immutable]
internal sealed record ManifestReport([property: Id(0)] long Unusable, [property: Id(1)] IReadOnlyList<int> Missing, [property: Id(2)] string? Problem);

/// <summary>All that a worker says at once: what it has, what it has finished, and how many parts it wants.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExchangeRequest
{
    [Id(0)] public required WorkerIdentity Worker { get; init; }

    /// <summary>The most parts to lease.</summary>
    [Id(1)] public int Wanted { get; init; }

    /// <summary>The parts that the worker has and has not finished. Their leases are renewed; others that it had go back.</summary>
    [Id(2)] public IReadOnlyList<int> Held { get; init; } = [];

    [Id(3)] public IReadOnlyList<FinishedPart> Finished { get; init; } = [];

    [Id(4)] public IReadOnlyList<FailedAttempt> Failed { get; init; } = [];

    /// <summary>Why the worker waits, such as a store that cannot be written; null if it works.</summary>
    [Id(5)] public string? Waiting { get; init; }

    /// <summary>Whether the worker is writing the manifest, the lease for which is renewed.</summary>
    [Id(7)] public bool IsClosing { get; init; }

    /// <summary>Grows with every request of a worker: one that comes after a later one is of no use any more.</summary>
    [Id(6)] public required long Number { get; init; }
}

/// <summary>What a coordinator answers.</summary>
[GenerateSerializer, Immutable]
internal sealed record ExchangeReply
{
    [Id(0)] public required JobPhase Phase { get; init; }

    /// <summary>The parts to make.</summary>
    [Id(1)] public IReadOnlyList<int> Leased { get; init; } = [];

    /// <summary>The parts to drop: they are done, given up, or with another worker.</summary>
    [Id(2)] public IReadOnlyList<int> Dropped { get; init; } = [];

    /// <summary>Whether the worker writes the manifest now.</summary>
    [Id(3)] public bool WriteManifest { get; init; }

    /// <summary>Why the worker may not work on this job; null if it may.</summary>
    [Id(4)] public string? Refusal { get; init; }
}

/// <summary>A worker of a job, as <c>status</c> shows it.</summary>
/// <param name="Worker">Its name.</param>
/// <param name="Provider">Where its network runs.</param>
/// <param name="Parts">The parts that it was the first to finish.</param>
/// <param name="Images">Their images.</param>
/// <param name="ImagesPerSecond">Over the last minute.</param>
/// <param name="SilentSeconds">The seconds since it last spoke.</param>
/// <param name="Waiting">Why it waits; null if it works.</param>
[GenerateSerializer, Immutable]
internal sealed record WorkerStatus(
    [property: Id(0)] string Worker, [property: Id(1)] string Provider, [property: Id(2)] long Parts, [property: Id(3)] long Images, [property: Id(4)] double ImagesPerSecond,
    [property: Id(5)] double SilentSeconds, [property: Id(6)] string? Waiting);

/// <summary>A job, as <c>status</c> shows it.</summary>
[GenerateSerializer, Immutable]
internal sealed record JobStatus
{
    [Id(0)] public required JobSpec Spec { get; init; }

    [Id(1)] public required JobPhase Phase { get; init; }

    [Id(2)] public required int PartsDone { get; init; }

    [Id(3)] public required int PartsLeased { get; init; }

    [Id(4)] public required long ImagesDone { get; init; }

    [Id(5)] public required long Unusable { get; init; }

    /// <summary>Leases that ended without a word of their worker, since this coordinator began.</summary>
    [Id(6)] public required long LeasesLost { get; init; }

    [Id(7)] public required IReadOnlyList<FailedPart> Failed { get; init; }

    [Id(8)] public required IReadOnlyList<WorkerStatus> Workers { get; init; }

    [Id(9)] public required IReadOnlyList<RefusedWorker> Refused { get; init; }

    [Id(10)] public string? Problem { get; init; }

    /// <summary>The silo that the coordinator is in.</summary>
    [Id(11)] public required string Coordinator { get; init; }

    /// <summary>The resident memory of the coordinator's process.</summary>
    [Id(12)] public required long CoordinatorBytes { get; init; }

    /// <summary>All workers together, over the last minute.</summary>
    internal double ImagesPerSecond => Workers.Sum(worker => worker.ImagesPerSecond);

    /// <summary>The time that is left at the present speed; null where nothing is known of it.</summary>
    internal TimeSpan? Left => Phase == JobPhase.Running && ImagesPerSecond > 0 ? TimeSpan.FromSeconds((Spec.ImageCount - ImagesDone) / ImagesPerSecond) : null;
}
