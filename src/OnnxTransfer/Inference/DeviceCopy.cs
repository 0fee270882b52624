using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

/// <summary>
/// Copies between this process's memory and memory on a device that is there already. ONNX Runtime has no call for that which all
/// providers know, but every provider copies what goes into a network and what comes out of it: this is one that does nothing.
/// </summary>
internal sealed class DeviceCopy : IDisposable
{
    private const string Input = "x";
    private const string Output = "y";

    private readonly NetworkRunner _runner;

    /// <param name="network">The network that is copied for, for messages.</param>
    /// <param name="settings">The device, by the name of its provider.</param>
    /// <exception cref="NotSupportedException">The device cannot be used; the message says why.</exception>
    internal DeviceCopy(string network, SessionSettings settings)
    {
        var (runner, obstacle) = SessionFactory.TryOpen(DeviceProvider.Of(settings.Provider), Graph(), network, settings with { CaptureGraph = false });
        _runner = runner ?? throw new NotSupportedException(obstacle);
    }

    /// <summary>To the device.</summary>
    internal void Run(Memory<float> source, long[] shape, OrtValue device) => _runner.Run(Input, source, shape, Output, device);

    /// <summary>From the device.</summary>
    internal void Run(OrtValue device, Memory<float> destination, long[] shape) => _runner.Run(Input, device, Output, destination, shape);

    public void Dispose() => _runner.Dispose();

    private static byte[] Graph()
    {
        var graph = new OnnxGraphBuilder("copy");
        graph.Input(Input, OnnxElementType.Float32, dims: null);
        graph.Node("Identity", Output, [Input]);
        graph.Output(Output, OnnxElementType.Float32, dims: null);
        return graph.Build("copy").ToBytes();
    }
}
