using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Runs a network on a device with a memory of its own: the tensors of each batch size stay there, bound to the network
/// (<see cref="DeviceBatch"/>). Thread-safe; runs wait for each other.
/// </summary>
internal sealed class DeviceRunner : IDisposable
{
    /// <summary>Batch sizes that keep their memory: those of lists, of single images, and two by chance.</summary>
    private const int MostSizes = 4;

    private readonly NetworkRunner _network;
    private readonly DeviceThread _thread;
    private readonly DeviceCopy _copy;
    private readonly long[] _imageShape;
    private readonly bool _records;
    // The most recently used comes last.
    private readonly List<(int Size, DeviceBatch Batch)> _batches = [];
    private int _recordings;
    private bool _disposed;

    private DeviceRunner(NetworkRunner network, SessionSettings settings, long[] imageShape)
    {
        (_network, _imageShape, _records) = (network, imageShape, settings.CaptureGraph);
        _thread = DeviceThread.Of(settings.Provider, settings.DeviceId);
        _copy = new DeviceCopy(network.Name, settings);
    }

    /// <summary>Makes all ready for batches of a first size.</summary>
    /// <param name="network">The network: one input, float32, and one output. It stays the caller's.</param>
    /// <param name="settings">Where it runs, by the name of its provider.</param>
    /// <param name="imageShape">The shape of one image.</param>
    /// <param name="size">The batch size.</param>
    /// <exception cref="ModelException">The network failed to run on the device.</exception>
    /// <exception cref="NotSupportedException">The device cannot be used like this; the message says why.</exception>
    internal static DeviceRunner Open(NetworkRunner network, SessionSettings settings, long[] imageShape, int size)
    {
        var runner = new DeviceRunner(network, settings, imageShape);
        try
        {
            runner.Prepare(size);
            return runner;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>Whether a network's tensors may stay in memory that is not this process's.</summary>
    internal static bool IsFor(NetworkRunner network, ExecutionProvider provider)
    {
        if (!DeviceProvider.Of(provider).KeepsTensors) return false;
        using var memory = network.Session.GetMemoryInfosForInputs();
        return memory[0].Name != OrtMemoryInfo.DefaultInstance.Name;
    }

    /// <summary>Why the last batch size could not be recorded; null if every recording succeeded.</summary>
    internal string? Refusal { get; private set; }

    /// <summary>Makes all ready for batches of a size.</summary>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal void Prepare(int size) => _thread.Run(() => RuntimeErrors.WhileRunning(_network.Name, () => BatchOf(size)));

    /// <summary>Runs one batch.</summary>
    /// <param name="images"><c>[N,...]</c>, back to back.</param>
    /// <param name="size">N.</param>
    /// <param name="cancellationToken">Ends the run if it does not end soon by itself.</param>
    /// <returns>The output, of any length.</returns>
    /// <exception cref="ModelException">The network failed to run, or took longer than the limit.</exception>
    internal float[] Run(Memory<float> images, int size, CancellationToken cancellationToken) => _thread.Run(() =>
    {
        var batch = RuntimeErrors.WhileRunning(_network.Name, () => BatchOf(size));
        return _network.Limit.Run(batch.Options, () => batch.Run(images), cancellationToken);
    });

    public void Dispose() => _thread.Run(() =>
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var (_, batch) in _batches) batch.Dispose();
        _copy.Dispose();
    });

    private DeviceBatch BatchOf(int size)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var index = _batches.FindIndex(one => one.Size == size);
        if (index >= 0)
        {
            var found = _batches[index];
            _batches.RemoveAt(index);
            _batches.Add(found);
            return found.Batch;
        }

        if (_batches.Count == MostSizes)
        {
            _batches[0].Batch.Dispose();
            _batches.RemoveAt(0);
        }

        var made = Make(size);
        _batches.Add((size, made));
        return made;
    }

    private DeviceBatch Make(int size)
    {
        long[] shape = [size, .. _imageShape];
        if (!_records) return Batch(DeviceBatch.NotRecorded);
        // The first size decides whether the session records at all; each other size decides for itself.
        if (_recordings == 0) return Batch(++_recordings);
        var (recorded, obstacle) = RuntimeErrors.Try(() => Batch(++_recordings));
        if (recorded is not null) return recorded;
        Refusal = $"batches of {size} are not recorded: {obstacle}";
        return Batch(DeviceBatch.NotRecorded);

        DeviceBatch Batch(int recording) => new(_network.Session, _copy, shape, recording);
    }
}
