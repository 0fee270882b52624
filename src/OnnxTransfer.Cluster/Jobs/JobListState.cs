namespace OnnxTransfer.Cluster.Jobs;

/// <summary>The jobs of a cluster, in the order of their submission.</summary>
internal sealed class JobListState
{
    public List<ListedJob> Jobs { get; set; } = [];
}

/// <summary>A job of the list.</summary>
/// <param name="Id">The job's id.</param>
/// <param name="IsActive">Whether workers ask for parts of it.</param>
internal sealed record ListedJob(string Id, bool IsActive);
