using OnnxTransfer.Cluster.Leases;

namespace OnnxTransfer.Cluster.Jobs;

/// <summary>What a coordinator keeps in the database: which parts are done, and what was counted when they were.</summary>
internal sealed class JobState
{
    /// <summary>The job; null before it is submitted.</summary>
    public JobSpec? Spec { get; set; }

    public JobPhase Phase { get; set; }

    /// <summary>One bit for each part.</summary>
    public byte[] Done { get; set; } = [];

    public IReadOnlyList<FailedPart> Failed { get; set; } = [];

    /// <summary>The images of parts that are done and could not be used; each is in the ledger of its part.</summary>
    public long Unusable { get; set; }

    /// <summary>The execution provider of the first lease, where a job demands that all have the same.</summary>
    public string? Provider { get; set; }

    /// <summary>Why the manifest could not be written; null if it could.</summary>
    public string? Problem { get; set; }
}
