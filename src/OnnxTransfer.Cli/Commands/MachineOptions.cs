using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options that say where a network runs and what reads its images, of every command that runs one.</summary>
internal sealed class MachineOptions
{
    private readonly ProviderOptions _provider;
    private readonly DecodingOptions _decoding;

    /// <summary>Adds the options to a command.</summary>
    internal MachineOptions(Command command) => (_provider, _decoding) = (new ProviderOptions(command), new DecodingOptions(command));

    internal FeatureExtractorOptions Read(ParseResult parsed) => _decoding.Read(parsed, _provider.Read(parsed));
}
