using System.Runtime.ExceptionServices;

namespace OnnxTransfer.Training.Kernels;

/// <summary>
/// Threads that wait between jobs, for jobs of microseconds: <see cref="Parallel"/> costs more than a small step and
/// allocates. Who takes which task is chance; tasks must therefore write to places of their own. A job ends with its last task and
/// waits for no thread that took none: on a busy machine, waking one can take longer than the job.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private const int SpinsBeforeSleep = 2_000;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private Action<int>? _task;
    private ExceptionDispatchInfo? _failure;
    private int _taskCount;
    private int _unfinished;
    private int _job;
    // The number of the job, and below it that of its next task: a thread that is late for a job cannot take a task of the next one for its own.
    private long _nextTask;
    private bool _stopped;

    /// <param name="threads">How many work on a job, the caller included.</param>
    internal WorkerTeam(int threads)
    {
        Threads = threads;
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = "OnnxTransfer head training" };
            _threads[i].Start();
        }
    }

    internal int Threads { get; }

    /// <summary>Runs tasks 0 to <paramref name="taskCount"/> - 1 and returns when all are done; rethrows the first failure.</summary>
    internal void Run(int taskCount, Action<int> task)
    {
        if (_threads.Length == 0 || taskCount <= 1)
        {
            for (var i = 0; i < taskCount; i++) task(i);
            return;
        }

        lock (_gate)
        {
            // The number first and the tickets last: see TakeTasks.
            Volatile.Write(ref _job, _job + 1);
            _task = task;
            _unfinished = taskCount;
            Volatile.Write(ref _taskCount, taskCount);
            Interlocked.Exchange(ref _nextTask, (long)_job << 32);
            Monitor.PulseAll(_gate);
        }

        TakeTasks();
        var wait = default(SpinWait);
        while (Volatile.Read(ref _unfinished) > 0) wait.SpinOnce(sleep1Threshold: -1);
        Interlocked.Exchange(ref _failure, null)?.Throw();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            _job++;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads) thread.Join();
    }

    private void Work()
    {
        var done = 0;
        while (true)
        {
            for (var spin = 0; spin < SpinsBeforeSleep && Volatile.Read(ref _job) == done; spin++) Thread.SpinWait(10);
            lock (_gate)
            {
                while (_job == done) Monitor.Wait(_gate);
                done = _job;
                if (_stopped) return;
            }

            TakeTasks();
        }
    }

    private void TakeTasks()
    {
        while (true)
        {
            var ticket = Interlocked.Increment(ref _nextTask) - 1;
            var task = (int)ticket;
            // A ticket of a job that is over has a number beyond its tasks. If the count is already that of the next job, so is the job.
            if (task >= Volatile.Read(ref _taskCount) || (int)(ticket >> 32) != Volatile.Read(ref _job)) return;
            try
            {
                _task!(task);
            }
            catch (Exception e)
            {
                // Carried to the thread that asked for the job: an exception that leaves a thread ends the process.
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Decrement(ref _unfinished);
        }
    }
}
