using System.Collections.Concurrent;

namespace OnnxTransfer.Inference;

/// <summary>
/// The one thread of the process that talks to a device. CUDA keeps handles and recorded work for each thread that ever used it,
/// and nothing else may happen on the device while work is being recorded; DirectML forbids two runs at once.
/// </summary>
internal sealed class DeviceThread
{
    private static readonly ConcurrentDictionary<(ExecutionProvider, int), Lazy<DeviceThread>> s_threads = [];

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    /// <summary>Starts a thread that lives as long as the process and sleeps when it has nothing to do.</summary>
    internal DeviceThread()
    {
        _thread = new Thread(Work) { IsBackground = true, Name = "OnnxTransfer device" };
        _thread.Start();
    }

    /// <summary>The thread of a device.</summary>
    internal static DeviceThread Of(ExecutionProvider provider, int device) => s_threads.GetOrAdd((provider, device), _ => new(() => new DeviceThread())).Value;

    /// <summary>Waits until the thread has done a piece of work; what that throws is thrown here.</summary>
    internal T Run<T>(Func<T> work)
    {
        if (Thread.CurrentThread == _thread) return work();
        var done = new TaskCompletionSource<T>();
        _work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Run{T}"/>
    internal void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    private void Work()
    {
        foreach (var action in _work.GetConsumingEnumerable()) action();
    }
}
