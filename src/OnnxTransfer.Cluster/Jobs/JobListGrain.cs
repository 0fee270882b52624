using OnnxTransfer.Cluster.Storage;

namespace OnnxTransfer.Cluster.Jobs;

/// <inheritdoc cref="IJobListGrain"/>
internal sealed class JobListGrain([PersistentState("jobs", PostgresGrainStorage.Name)] IPersistentState<JobListState> state) : Grain, IJobListGrain
{
    public Task AddAsync(string job) => SetAsync(job, isActive: true);

    public Task EndAsync(string job) => SetAsync(job, isActive: false);

    public Task<IReadOnlyList<string>> GetActiveAsync() => Task.FromResult<IReadOnlyList<string>>([.. state.State.Jobs.Where(job => job.IsActive).Select(job => job.Id)]);

    public Task<IReadOnlyList<string>> GetAllAsync() => Task.FromResult<IReadOnlyList<string>>([.. state.State.Jobs.Select(job => job.Id)]);

    private async Task SetAsync(string job, bool isActive)
    {
        var before = state.State.Jobs;
        var at = before.FindIndex(listed => listed.Id == job);
        if (at >= 0 && before[at].IsActive == isActive) return;
        // A job that begins again goes to the end, behind those that waited meanwhile.
        state.State.Jobs = at < 0 || isActive
            ? [.. before.Where(listed => listed.Id != job), new ListedJob(job, isActive)]
            : [.. before.Select(listed => listed.Id == job ? listed with { IsActive = isActive } : listed)];
        try
        {
            await state.WriteStateAsync().ConfigureAwait(true);
        }
        catch
        {
            // Whether it was written is not known: the next call reads it.
            state.State.Jobs = before;
            DeactivateOnIdle();
            throw;
        }
    }
}
