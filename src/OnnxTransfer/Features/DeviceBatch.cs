using System.Globalization;
using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace OnnxTransfer.Features;

/// <summary>
/// The memory on a device for batches of one size, bound to the network once: nothing is allocated from run to run, and work
/// that was recorded finds its tensors where they were. Belongs to the thread of the device.
/// </summary>
internal sealed class DeviceBatch : IDisposable
{
    /// <summary>Tells ONNX Runtime under which number to record a run, or to replay it; -1 does neither.</summary>
    private const string RecordingKey = "gpu_graph_id";

    /// <summary>How far replayed work may be from work that is not recorded, as a part of the largest feature: it is the same kernels.</summary>
    private const float Tolerance = 1e-3f;

    private readonly InferenceSession _network;
    private readonly DeviceCopy _copy;
    private readonly long[] _shape;
    private readonly RunOptions _plain = new();
    private readonly RunOptions _run = new();
    private readonly OrtIoBinding _binding;
    private readonly OrtAllocator _memory;
    private readonly OrtValue _input;
    private readonly OrtValue? _output;
    private readonly long[] _outputShape;

    /// <summary>Takes the memory and runs once, which is when a provider tries out its kernels for this size.</summary>
    /// <param name="network">The network: one input, float32, and one output.</param>
    /// <param name="copy">Copies to and from the same device.</param>
    /// <param name="shape">The shape of the input, with its batch size.</param>
    /// <param name="recording">The number under which the work is recorded, from 1; null to record nothing.</param>
    internal DeviceBatch(InferenceSession network, DeviceCopy copy, long[] shape, int? recording)
    {
        (_network, _copy, _shape) = (network, copy, shape);
        if (recording is { } number)
        {
            _plain.AddRunConfigEntry(RecordingKey, "-1");
            _run.AddRunConfigEntry(RecordingKey, number.ToString(CultureInfo.InvariantCulture));
        }

        _binding = network.CreateIoBinding();
        using var inputMemory = network.GetMemoryInfosForInputs();
        using var outputMemory = network.GetMemoryInfosForOutputs();
        _memory = new OrtAllocator(network, inputMemory[0]);
        _input = OrtValue.CreateAllocatedTensorValue(_memory, TensorElementType.Float, shape);
        try
        {
            _binding.BindInput(network.InputNames[0], _input);
            _copy.Run(new float[Length(shape)], shape, _input);
            // Only a run knows the output's shape: the memory that the first one takes is kept for all.
            _binding.BindOutputToDevice(network.OutputNames[0], outputMemory[0]);
            network.RunWithBinding(_plain, _binding);
            _binding.SynchronizeBoundOutputs();
            _output = First(_binding.GetOutputValues());
            _outputShape = _output.GetTensorTypeAndShape().Shape;
            _binding.BindOutput(network.OutputNames[0], _output);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Numbers in the output of one run.</summary>
    internal int OutputLength => Length(_outputShape);

    /// <summary>Copies a batch to the device, runs it, and copies the output back.</summary>
    /// <param name="images">A whole batch.</param>
    /// <param name="output">Receives <see cref="OutputLength"/> numbers.</param>
    internal void Run(Memory<float> images, Memory<float> output) => Run(_run, images, output);

    /// <summary>
    /// Records the work and says whether replaying it gives what running it gives, for two batches that differ: a recording that
    /// went wrong replays old numbers without any error.
    /// </summary>
    internal bool ReplaysWhatItRuns()
    {
        var (one, other) = (new float[Length(_shape)], new float[Length(_shape)]);
        for (var i = 0; i < one.Length; i++) (one[i], other[i]) = (i % 251 / 125f - 1, 1 - i % 83 / 41f);
        var (ofOne, ofOther) = (Output(_plain, one), Output(_plain, other));
        var (_, otherReplayed, oneReplayed) = (Output(_run, one), Output(_run, other), Output(_run, one));
        return !Same(ofOne, ofOther) && Same(ofOne, oneReplayed) && Same(ofOther, otherReplayed);
    }

    /// <summary>In this order: whatever allocated must outlive what it allocated, which a finalizer does not promise.</summary>
    public void Dispose()
    {
        _binding.Dispose();
        _output?.Dispose();
        _input.Dispose();
        _memory.Dispose();
        _run.Dispose();
        _plain.Dispose();
    }

    private void Run(RunOptions options, Memory<float> images, Memory<float> output)
    {
        _copy.Run(images, _shape, _input);
        _network.RunWithBinding(options, _binding);
        _binding.SynchronizeBoundOutputs();
        _copy.Run(_output!, output, _outputShape);
    }

    private float[] Output(RunOptions options, float[] images)
    {
        var output = new float[OutputLength];
        Run(options, images, output);
        return output;
    }

    private static bool Same(float[] a, float[] b)
    {
        var difference = new float[a.Length];
        TensorPrimitives.Subtract(a, b, difference);
        return TensorPrimitives.MaxMagnitude<float>(difference) is var worst && Math.Abs(worst) <= Tolerance * Math.Abs(TensorPrimitives.MaxMagnitude<float>(a));
    }

    private static OrtValue First(IReadOnlyList<OrtValue> values) => values[0];

    private static int Length(long[] shape) => (int)shape.Aggregate(1L, (product, size) => product * size);
}
