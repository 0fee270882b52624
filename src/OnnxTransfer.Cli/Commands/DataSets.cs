using System.CommandLine;
using System.CommandLine.Parsing;

namespace OnnxTransfer.Cli.Commands;

/// <summary>DATA with the options <c>--val</c> and <c>--test</c>, of every command that tells sets apart.</summary>
internal sealed class DataSets
{
    private readonly Option<string?> _validation = new("--val") { Description = "The validation set: data with the same classes.", HelpName = "DATA" };
    private readonly Option<string?> _test = new("--test") { Description = "The test set: data with the same classes.", HelpName = "DATA" };
    private readonly DataArguments _data;

    /// <summary>Adds the argument and the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="mayBeMissing">Whether the command has something to do without data.</param>
    internal DataSets(Command command, bool mayBeMissing = false)
    {
        command.Options.Add(_validation);
        command.Options.Add(_test);
        _data = new DataArguments(command, mayBeMissing);
    }

    /// <summary>Whether there are data.</summary>
    internal bool IsGiven(CommandResult command) => _data.IsGiven(command);

    /// <summary>Reads the data and the sets beside them.</summary>
    internal ImageDataset Read(ParseResult parsed)
    {
        var images = _data.Read(parsed);
        if (parsed.GetValue(_validation) is { } validation) images = images.WithValidation(_data.Read(parsed, validation));
        if (parsed.GetValue(_test) is { } test) images = images.WithTest(_data.Read(parsed, test));
        return images;
    }
}
