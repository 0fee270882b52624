using System.Collections.Concurrent;

namespace OnnxTransfer.Features;

/// <summary>
/// The one thread that talks to a device. CUDA keeps handles and recorded work for each thread that ever used it: from the
/// threads of a pool it would set them up again and again.
/// </summary>
internal sealed class DeviceThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    internal DeviceThread()
    {
        _thread = new Thread(Work) { IsBackground = true, Name = "OnnxTransfer device" };
        _thread.Start();
    }

    /// <summary>Waits until the thread has done a piece of work; what that throws is thrown here.</summary>
    internal void Run(Action work)
    {
        var done = new TaskCompletionSource();
        _work.Add(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Work()
    {
        foreach (var action in _work.GetConsumingEnumerable()) action();
    }
}
