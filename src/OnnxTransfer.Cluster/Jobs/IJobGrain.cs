using Orleans.Concurrency;

namespace OnnxTransfer.Cluster.Jobs;

/// <summary>The coordinator of one job; its key is the job's id.</summary>
[Alias("onnxtransfer.job")]
internal interface IJobGrain : IGrainWithStringKey
{
    /// <summary>Begins the job, or begins it again where it failed or was canceled. One that runs or is done stays as it is.</summary>
    [Alias("start")]
    Task<JobPhase> StartAsync(JobSpec spec);

    /// <summary>The job; null before it was submitted.</summary>
    [Alias("spec"), ReadOnly]
    Task<JobSpec?> GetSpecAsync();

    /// <summary>Takes what a worker has done and leases parts to it.</summary>
    [Alias("exchange")]
    Task<ExchangeReply> ExchangeAsync(ExchangeRequest request);

    /// <summary>A worker has written the manifest, or could not.</summary>
    [Alias("manifest")]
    Task CloseAsync(WorkerIdentity worker, ManifestReport report);

    /// <summary>A worker cannot work on this job.</summary>
    [Alias("refuse")]
    Task RefuseAsync(WorkerIdentity worker, string reason);

    /// <summary>Null before the job was submitted.</summary>
    [Alias("status"), ReadOnly]
    Task<JobStatus?> GetStatusAsync();

    /// <summary>Ends the job; parts that are written stay.</summary>
    [Alias("cancel")]
    Task<JobPhase> CancelAsync();
}

/// <summary>The list of jobs; it has one key, 0.</summary>
[Alias("onnxtransfer.jobs")]
internal interface IJobListGrain : IGrainWithIntegerKey
{
    [Alias("add")]
    Task AddAsync(string job);

    [Alias("end")]
    Task EndAsync(string job);

    /// <summary>The jobs whose parts are to be made, oldest first.</summary>
    [Alias("active"), ReadOnly]
    Task<IReadOnlyList<string>> GetActiveAsync();

    /// <summary>Every job, oldest first.</summary>
    [Alias("all"), ReadOnly]
    Task<IReadOnlyList<string>> GetAllAsync();
}
