using System.CommandLine;
using System.CommandLine.Parsing;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The argument DATA and the options that name the columns of a table, of every command that reads labeled images.</summary>
internal sealed class DataArguments
{
    internal const string What = "A folder of class folders, a folder of train/ val/ test/, or a .csv, .tsv or .jsonl file.";

    private readonly Argument<string> _data = new("DATA") { Description = What };
    private readonly Option<string?> _image = Column("--image-column", "the path of each image, relative to the table", "image, path, file, filename");
    private readonly Option<string?> _label = Column("--label-column", "the class", "label, class, species, category");
    private readonly Option<string?> _split = Column("--split-column", "the set (train, val, test); none means that no column has it", "split, fold, set, subset");
    private readonly Option<string?> _weight = Column("--weight-column", "the weight of each image in training; none means that no column has it", "weight, sample_weight");

    /// <summary>Adds the argument and the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="mayBeMissing">Whether the command has something to do without data.</param>
    internal DataArguments(Command command, bool mayBeMissing = false)
    {
        if (mayBeMissing) _data.Arity = ArgumentArity.ZeroOrOne;
        command.Arguments.Add(_data);
        foreach (var option in (Option[])[_image, _label, _split, _weight]) command.Options.Add(option);
    }

    /// <summary>Whether there are data.</summary>
    internal bool IsGiven(CommandResult command) => command.GetResult(_data) is { Tokens.Count: > 0 };

    internal string Path(ParseResult parsed) => parsed.GetRequiredValue(_data);

    /// <summary>Reads the data of the argument and says on standard error what was read as what, and what was not used.</summary>
    internal ImageDataset Read(ParseResult parsed) => Read(parsed, Path(parsed));

    /// <summary>Reads other data with the same columns.</summary>
    internal ImageDataset Read(ParseResult parsed, string path) =>
        ImageDataset.Open(path, parsed.GetValue(_image), parsed.GetValue(_label), OrNone(parsed.GetValue(_split)), OrNone(parsed.GetValue(_weight)));

    /// <summary>The library takes an empty name for no such column, which is hard to see at a terminal.</summary>
    private static string? OrNone(string? column) => column == "none" ? "" : column;

    private static Option<string?> Column(string name, string what, string usual) => new(name)
    {
        Description = $"The column of a table with {what}. Default: the first column that is named {usual}.",
        HelpName = "NAME",
    };
}
