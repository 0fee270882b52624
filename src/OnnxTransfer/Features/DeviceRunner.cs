using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Features;

/// <summary>
/// Runs a network on a device with a memory of its own. The tensors of each batch size stay there, bound to the network
/// (<see cref="DeviceBatch"/>), and all work comes from one thread. Thread-safe; runs wait for each other.
/// </summary>
internal sealed class DeviceRunner : IDisposable
{
    /// <summary>Batch sizes that keep their memory: those of lists, of single images, and two by chance.</summary>
    private const int MostSizes = 4;

    private readonly InferenceSession _network;
    private readonly DeviceCopy _copy;
    private readonly long[] _imageShape;
    private readonly bool _records;
    private readonly DeviceThread _thread;
    private readonly Lock _gate = new();
    // The most recently used comes last.
    private readonly List<(int Size, DeviceBatch Batch)> _batches = [];
    private int _recordings;

    /// <param name="network">The network: one input, float32, and one output.</param>
    /// <param name="settings">Where it runs, by the name of its provider.</param>
    /// <param name="imageShape">The shape of one image.</param>
    internal DeviceRunner(InferenceSession network, SessionSettings settings, long[] imageShape)
    {
        (_network, _imageShape, _records) = (network, imageShape, settings.CaptureGraph);
        _copy = new DeviceCopy(settings);
        _thread = new DeviceThread();
    }

    /// <summary>Whether a network takes its input in a memory that is not this process's.</summary>
    internal static bool IsFor(InferenceSession network)
    {
        using var memory = network.GetMemoryInfosForInputs();
        return memory[0].Name != OrtMemoryInfo.DefaultInstance.Name;
    }

    /// <summary>Makes all ready for batches of a size, and records their work if that is wanted.</summary>
    /// <exception cref="NotSupportedException">The work was recorded, and replaying it gives other numbers.</exception>
    internal void Prepare(int size)
    {
        lock (_gate) _thread.Run(() => BatchOf(size));
    }

    /// <summary>Runs one batch.</summary>
    /// <param name="images"><c>[N,...]</c>, back to back.</param>
    /// <param name="size">N.</param>
    /// <returns>The output, whatever its length.</returns>
    internal float[] Run(Memory<float> images, int size)
    {
        float[] output = [];
        lock (_gate)
        {
            _thread.Run(() =>
            {
                var batch = BatchOf(size);
                output = new float[batch.OutputLength];
                batch.Run(images, output);
            });
        }

        return output;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _thread.Run(() =>
            {
                foreach (var (_, batch) in _batches) batch.Dispose();
                _copy.Dispose();
            });
            _thread.Dispose();
        }
    }

    private DeviceBatch BatchOf(int size)
    {
        var index = _batches.FindIndex(one => one.Size == size);
        if (index < 0)
        {
            var made = new DeviceBatch(_network, _copy, [size, .. _imageShape], _records ? ++_recordings : null);
            if (_records && !made.ReplaysWhatItRuns())
            {
                made.Dispose();
                throw new NotSupportedException($"work that is recorded for batches of {size} gives other numbers when it is replayed");
            }

            if (_batches.Count == MostSizes) Forget(0);
            _batches.Add((size, made));
            return made;
        }

        var found = _batches[index];
        _batches.RemoveAt(index);
        _batches.Add(found);
        return found.Batch;
    }

    private void Forget(int index)
    {
        _batches[index].Batch.Dispose();
        _batches.RemoveAt(index);
    }
}
