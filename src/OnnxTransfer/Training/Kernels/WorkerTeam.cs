using System.Runtime.ExceptionServices;

namespace OnnxTransfer.Training.Kernels;

/// <summary>
/// Threads that wait between jobs, for jobs of microseconds: <see cref="Parallel"/> costs more than a small step and
/// allocates. Who takes which task is chance; tasks must therefore write to places of their own.
/// </summary>
internal sealed class WorkerTeam : IDisposable
{
    private const int SpinsBeforeSleep = 2_000;

    private readonly object _gate = new();
    private readonly Thread[] _threads;
    private Action<int>? _task;
    private ExceptionDispatchInfo? _failure;
    private int _taskCount;
    private int _nextTask;
    private int _busy;
    private int _job;
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
            _task = task;
            _taskCount = taskCount;
            _nextTask = 0;
            _busy = _threads.Length;
            _job++;
            Monitor.PulseAll(_gate);
        }

        TakeTasks();
        var wait = default(SpinWait);
        while (Volatile.Read(ref _busy) > 0) wait.SpinOnce(sleep1Threshold: -1);
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
            Interlocked.Decrement(ref _busy);
        }
    }

    private void TakeTasks()
    {
        try
        {
            for (var i = Interlocked.Increment(ref _nextTask) - 1; i < _taskCount; i = Interlocked.Increment(ref _nextTask) - 1) _task!(i);
        }
        catch (Exception e)
        {
            // Carried to the thread that asked for the job: an exception that leaves a thread ends the process.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }
    }
}
