using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options of the choice of L2, of <c>tune</c> and of <c>train --tune</c>.</summary>
internal sealed class TuningChoices
{
    private readonly Option<int> _folds = CommonOptions.Folds("The number of folds of the cross-validation, at least 2.");

    private readonly Option<bool> _oneError = new("--one-standard-error")
    {
        Description = "Choose the largest L2 whose log loss is at most one standard error above the lowest.",
    };

    private readonly Option<int[]> _hidden = new("--try-hidden")
    {
        Description = "Try a hidden layer of each of these sizes beside the linear head; one is taken only if it is better by more than one standard error.",
        HelpName = "N[,N]",
        CustomParser = result => HeadOptions.Sizes(result, "--try-hidden"),
    };

    private readonly Option<int>? _seed;

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="withSeed">Whether the command has no seed of its own.</param>
    internal TuningChoices(Command command, bool withSeed = true)
    {
        command.Options.Add(_folds);
        command.Options.Add(_oneError);
        command.Options.Add(_hidden);
        if (!withSeed) return;
        _seed = CommonOptions.NonNegative("--seed", "The seed of the folds.", 1, "S");
        command.Options.Add(_seed);
    }

    internal TuningOptions Read(ParseResult parsed) => UsageException.Check(() => new TuningOptions
    {
        FoldCount = parsed.GetValue(_folds),
        OneStandardError = parsed.GetValue(_oneError),
        HiddenUnits = parsed.GetValue(_hidden) ?? [],
        Seed = _seed is null ? 1 : parsed.GetValue(_seed),
    });
}
