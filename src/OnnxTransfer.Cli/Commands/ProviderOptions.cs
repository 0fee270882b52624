using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options that say where a network runs. They change no more than the last bits of a vector.</summary>
internal sealed class ProviderOptions
{
    private readonly Option<ExecutionProvider> _provider = CommonOptions.Choice(
        "--provider", "Where the network runs; auto uses CUDA if it works, otherwise the CPU. See `onnxtransfer doctor`.", ExecutionProvider.Auto);

    private readonly Option<int> _device = CommonOptions.NonNegative("--device", "The number of the GPU, if the machine has several.", 0, "N");

    private readonly Option<bool> _capture = new("--capture-graph")
    {
        Description = "Let the GPU record its work for each batch size and replay it (CUDA graphs), if that gives the same numbers.",
    };

    private readonly Option<int> _threads = CommonOptions.Threads();

    private readonly Option<double?> _longest = CommonOptions.Share(
        "--max-run-time", "The longest time that one run of the network may take, for networks that you do not trust; by default there is no limit.", "SECONDS",
        seconds => seconds is > 0 and <= 86_400, "a number of seconds greater than 0 and at most 86400, one day");

    /// <summary>Adds the options to a command.</summary>
    internal ProviderOptions(Command command)
    {
        foreach (var option in (Option[])[_provider, _device, _capture, _threads, _longest]) command.Options.Add(option);
    }

    internal FeatureExtractorOptions Read(ParseResult parsed) => new()
    {
        Provider = parsed.GetValue(_provider),
        DeviceId = parsed.GetValue(_device),
        CaptureGraph = parsed.GetValue(_capture),
        Threads = parsed.GetValue(_threads),
        MaxRunTime = parsed.GetValue(_longest) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
    };
}
