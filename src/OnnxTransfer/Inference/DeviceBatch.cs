using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer.Inference;

/// <summary>
/// The memory on a device for batches of one size, bound to the network once: nothing is allocated from run to run, and work
/// that was recorded finds its tensors where they were. Belongs to the thread of the device.
/// </summary>
internal sealed class DeviceBatch : IDisposable
{
    /// <summary>For a session that records nothing.</summary>
    internal const int NotRecording = 0;

    /// <summary>For a session that records, but not this batch size.</summary>
    internal const int NotRecorded = -1;

    /// <summary>Tells ONNX Runtime under which number to record a run or to replay it; -1 does neither.</summary>
    private const string RecordingKey = "gpu_graph_id";

    private readonly InferenceSession _network;
    private readonly DeviceCopy _copy;
    private readonly long[] _shape;
    private readonly RunOptions _run = new();
    private readonly RunOptions _replay = new();
    private readonly OrtIoBinding? _binding;
    private readonly OrtAllocator? _memory;
    private readonly OrtValue? _input;
    private readonly OrtValue? _output;
    private readonly long[] _outputShape;

    /// <summary>Takes the memory and runs once, which is when a provider tries out its kernels for this size; tries a recording.</summary>
    /// <param name="network">The network: one input, float32, and one output.</param>
    /// <param name="copy">Copies to and from the same device.</param>
    /// <param name="shape">The shape of the input, with its batch size.</param>
    /// <param name="recording">The number under which the work is recorded, from 1; or <see cref="NotRecording"/> or <see cref="NotRecorded"/>.</param>
    /// <exception cref="NotSupportedException">Replaying gives other numbers than running.</exception>
    internal DeviceBatch(InferenceSession network, DeviceCopy copy, long[] shape, int recording)
    {
        (_network, _copy, _shape) = (network, copy, shape);
        try
        {
            if (recording != NotRecording) _run.AddRunConfigEntry(RecordingKey, "-1");
            if (recording != NotRecording) _replay.AddRunConfigEntry(RecordingKey, recording.ToString(CultureInfo.InvariantCulture));
            using var inputMemory = network.GetMemoryInfosForInputs();
            using var outputMemory = network.GetMemoryInfosForOutputs();
            _binding = network.CreateIoBinding();
            _memory = new OrtAllocator(network, inputMemory[0]);
            _input = OrtValue.CreateAllocatedTensorValue(_memory, TensorElementType.Float, shape);
            _binding.BindInput(network.InputNames[0], _input);
            _copy.Run(new float[Sizes.Product(shape)], shape, _input);
            // Only a run knows the output's shape: the memory that the first one takes is kept for all. The list is not
            // disposed, for its one value stays.
            _binding.BindOutputToDevice(network.OutputNames[0], outputMemory[0]);
            network.RunWithBinding(_run, _binding);
            _binding.SynchronizeBoundOutputs();
            IReadOnlyList<OrtValue> outputs = _binding.GetOutputValues();
            _output = outputs[0];
            _outputShape = _output.GetTensorTypeAndShape().Shape;
            _binding.BindOutput(network.OutputNames[0], _output);
            if (recording > 0 && DeviceRecording.WhatIsWrong(Try, (int)Sizes.Product(shape)) is { } wrong) throw new NotSupportedException(wrong);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What <see cref="Run(Memory{float})"/> gives ONNX Runtime.</summary>
    internal RunOptions Options => _replay;

    /// <summary>Copies a batch to the device, runs or replays it, and copies the output back.</summary>
    /// <param name="images">A whole batch.</param>
    /// <returns>The output, of any shape.</returns>
    internal float[] Run(Memory<float> images) => Run(_replay, images);

    /// <summary>
    /// Disposes in this order, because an allocator must outlive its allocations; a finalizer does not promise the order.
    /// </summary>
    public void Dispose()
    {
        _binding?.Dispose();
        _output?.Dispose();
        _input?.Dispose();
        _memory?.Dispose();
        _run.Dispose();
        _replay.Dispose();
    }

    private float[] Try(bool isRecorded, float[] images) => Run(isRecorded ? _replay : _run, images);

    private float[] Run(RunOptions options, Memory<float> images)
    {
        var output = new float[Sizes.Product(_outputShape)];
        _copy.Run(images, _shape, _input!);
        _network.RunWithBinding(options, _binding!);
        _binding!.SynchronizeBoundOutputs();
        _copy.Run(_output!, output, _outputShape);
        return output;
    }
}
