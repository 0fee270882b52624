namespace OnnxTransfer.Cluster.Jobs;

/// <summary>Where a job is.</summary>
internal enum JobPhase
{
    /// <summary>Parts are missing, or the manifest is.</summary>
    Running,

    /// <summary>Every part is there, and the manifest.</summary>
    Done,

    /// <summary>Parts were given up; all others are there.</summary>
    Failed,

    /// <summary>A user ended it.</summary>
    Canceled,
}
