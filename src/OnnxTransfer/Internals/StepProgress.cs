namespace OnnxTransfer.Internals;

/// <summary>One progress for work in several steps, each of which passes over the same things. It never goes back.</summary>
/// <param name="progress">Receives the sum of the steps; null for nobody.</param>
/// <param name="count">The things.</param>
/// <param name="steps">The steps.</param>
internal sealed class StepProgress(IProgress<WorkProgress>? progress, int count, int steps)
{
    private readonly Lock _gate = new();
    private long _done;

    /// <summary>The progress of a step, from 0; null for nobody. A step may count in any unit, and from any thread.</summary>
    internal IProgress<WorkProgress>? Step(int step) => progress is null ? null : new One(this, step);

    private void Report(int step, WorkProgress value)
    {
        var done = ((long)step * count) + (value.Total <= 0 ? 0 : value.Done * count / value.Total);
        lock (_gate)
        {
            if (done <= _done) return;
            _done = done;
            progress!.Report(new WorkProgress(done, (long)count * steps));
        }
    }

    private sealed class One(StepProgress all, int step) : IProgress<WorkProgress>
    {
        void IProgress<WorkProgress>.Report(WorkProgress value) => all.Report(step, value);
    }
}
