using System.CommandLine;
using OnnxTransfer.Features;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options that say where a network runs, of every command that runs one.</summary>
internal sealed class MachineOptions
{
    private readonly Option<ExecutionProvider> _provider = new("--provider")
    {
        Description = "Where the network runs; auto is CUDA where it works, else the CPU. See `onnxtransfer doctor`.",
        DefaultValueFactory = _ => ExecutionProvider.Auto,
        HelpName = "auto|cpu|cuda|tensorrt|directml|coreml|openvino|webgpu",
    };

    private readonly Option<int> _device = CommonOptions.NonNegative("--device", "The number of the device, where there are several GPUs.", 0, "N");

    private readonly Option<bool> _capture = new("--capture-graph")
    {
        Description = "Let the GPU record its work for each batch size and replay it (CUDA graphs), where that gives the same numbers.",
    };

    private readonly Option<int> _threads = CommonOptions.NonNegative("--threads", "Threads on the CPU; 0 for one per core.", 0, "T");

    /// <summary>Adds the options to a command.</summary>
    internal MachineOptions(Command command)
    {
        foreach (var option in (Option[])[_provider, _device, _capture, _threads]) command.Options.Add(option);
    }

    internal FeatureExtractorOptions Read(ParseResult parsed) => new()
    {
        Provider = parsed.GetValue(_provider),
        DeviceId = parsed.GetValue(_device),
        CaptureGraph = parsed.GetValue(_capture),
        Threads = parsed.GetValue(_threads),
    };
}
