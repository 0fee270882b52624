using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Features;

/// <summary>
/// Copies between this process's memory and memory on a device that is there already. ONNX Runtime has no call for that which all
/// providers know, but every provider copies what goes into a network and what comes out of it: this is one that does nothing.
/// </summary>
internal sealed class DeviceCopy : IDisposable
{
    private static readonly string[] s_input = ["x"];
    private static readonly string[] s_output = ["y"];

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    /// <param name="settings">The device, by the name of its provider.</param>
    /// <exception cref="NotSupportedException">The device cannot be used; the message says why.</exception>
    internal DeviceCopy(SessionSettings settings)
    {
        var (session, obstacle) = SessionFactory.TryOpen(DeviceProvider.Of(settings.Provider), Graph(), settings with { CaptureGraph = false });
        _session = session ?? throw new NotSupportedException(obstacle);
    }

    /// <summary>To the device.</summary>
    internal void Run(Memory<float> source, long[] shape, OrtValue device)
    {
        using var host = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, source, shape);
        _session.Run(_options, s_input, [host], s_output, [device]);
    }

    /// <summary>From the device.</summary>
    internal void Run(OrtValue device, Memory<float> destination, long[] shape)
    {
        using var host = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, destination, shape);
        _session.Run(_options, s_input, [device], s_output, [host]);
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private static byte[] Graph()
    {
        var graph = new OnnxGraphBuilder("copy");
        graph.Input(s_input[0], OnnxElementType.Float32, dims: null);
        graph.Node("Identity", s_output[0], s_input);
        graph.Output(s_output[0], OnnxElementType.Float32, dims: null);
        return graph.Build("copy").ToBytes();
    }
}
