using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The argument INPUT and the option <c>--list</c>, of every command that reads any number of images without classes.</summary>
internal sealed class ImageArguments
{
    private readonly Argument<string[]> _inputs = new("INPUT")
    {
        Description = "Image files, folders with everything below them, and patterns: * ? [a-z] within a name, ** for any folders.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _list = new("--list")
    {
        Description = "A UTF-8 text with the path of one image in each line, read after the INPUTs; - reads standard input. Paths are relative to the current folder; empty lines do not count.",
        HelpName = "FILE|-",
    };

    /// <summary>Adds the argument and the option to a command.</summary>
    internal ImageArguments(Command command)
    {
        command.Arguments.Add(_inputs);
        command.Options.Add(_list);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_list) is null && result.GetResult(_inputs) is null or { Tokens.Count: 0 }) result.AddError($"`onnxtransfer {command.Name}` needs INPUT or --list {_list.HelpName}.");
        });
    }

    /// <summary>Lists the folders and patterns, and says on standard error what they hold besides images. A list is read later, as fast as its images are used.</summary>
    internal ImageInputs Read(ParseResult parsed)
    {
        var inputs = ImageInputs.Of(parsed.GetValue(_inputs) ?? [], parsed.GetValue(_list));
        UnusedFiles.Warn(inputs.Unused);
        return inputs;
    }

    /// <summary>The folder that is all of the input; null for anything else.</summary>
    internal string? OnlyFolder(ParseResult parsed) => parsed.GetValue(_list) is null && parsed.GetValue(_inputs) is [var only] && Directory.Exists(only) ? only : null;
}
