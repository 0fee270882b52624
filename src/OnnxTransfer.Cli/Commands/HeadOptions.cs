using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options that say what head is trained and how.</summary>
internal sealed class HeadOptions
{
    private static readonly Dictionary<string, Optimizer> s_optimizers = new()
    {
        ["adam"] = Optimizer.Adam(),
        ["adamw"] = Optimizer.AdamW(),
        ["sgd"] = Optimizer.Sgd(),
        ["rmsprop"] = Optimizer.RmsProp(),
        ["lbfgs"] = Optimizer.Lbfgs(),
    };

    private static readonly Dictionary<string, LearningRateSchedule> s_schedules = new()
    {
        ["constant"] = LearningRateSchedule.Constant,
        ["cosine"] = LearningRateSchedule.Cosine(),
        ["plateau"] = LearningRateSchedule.ReduceOnPlateau(),
    };

    private readonly Option<string> _head = new("--head")
    {
        Description = "softmax: one linear layer. sigmoid: the same with one output for two classes. mlp: hidden layers of 1024 and 512 with dropout 0.3 before a softmax.",
        DefaultValueFactory = _ => "softmax",
    };

    private readonly Option<int[]> _hidden = new("--hidden")
    {
        Description = "The sizes of the hidden layers, instead of those of --head.",
        HelpName = "N[,N]",
        CustomParser = result => Sizes(result, "--hidden"),
    };

    private readonly Option<double?> _dropout = Number("--dropout", "The probability that a hidden unit is left out of a step, instead of that of --head.", "P", Fraction, "at least 0 and less than 1");
    private readonly Option<int?> _epochs = Count("--epochs", "Passes over the training images. Default: as many as they need.", "N");

    private readonly Option<string> _optimizer = new("--optimizer")
    {
        Description = "The update rule; lbfgs finds the optimum of a linear head without epochs.",
        DefaultValueFactory = _ => "adam",
    };

    private readonly Option<double> _rate = CommonOptions.Number("--lr", "The learning rate.", 0.001, "RATE", rate => rate is > 0 and < double.PositiveInfinity, "a number greater than 0");

    private readonly Option<string> _schedule = new("--schedule")
    {
        Description = "The learning rate during training. cosine: down to 0 at the last of --epochs. plateau: a tenth each time the loss has not fallen for 10 epochs.",
        DefaultValueFactory = _ => "constant",
    };

    private readonly Option<double?> _l2 = Number("--l2", "The penalty L2/2 · sum w² on the weights. Default: a small one, by the variance of the features; 0 for none.", "L2", NotNegative, "a number of at least 0");
    private readonly Option<double?> _l1 = Number("--l1", "The penalty L1 · sum |w| on the weights. Default: none.", "L1", NotNegative, "a number of at least 0");
    private readonly Option<double?> _smoothing = Number("--label-smoothing", "The share of each target that goes to all classes alike. Default: none.", "S", Fraction, "at least 0 and less than 1");
    private readonly Option<bool> _standardize = new("--standardize") { Description = "Bring every feature to mean 0 and deviation 1 over the training images." };
    private readonly Option<bool> _balance = new("--balance-classes") { Description = "Let every class count alike, however many images it has." };
    private readonly Option<int?> _patience = Count("--patience", "Stop after this many epochs without a lower validation loss.", "N");
    private readonly Option<int> _batch = CommonOptions.Positive("--batch-size", "Images per training step.", 32, "N");
    private readonly Option<int> _random = CommonOptions.NonNegative("--random-batches", "Make an epoch of this number of batches, drawn with replacement; 0 makes it one pass over all images.", 0, "N");
    private readonly Option<int> _seed = CommonOptions.NonNegative("--seed", "The seed of the split, the first weights and the order of the images; the same seed gives the same file.", 1, "S");

    /// <summary>Adds the options to a command.</summary>
    internal HeadOptions(Command command)
    {
        _head.AcceptOnlyFromAmong("softmax", "sigmoid", "mlp");
        _optimizer.AcceptOnlyFromAmong([.. s_optimizers.Keys]);
        _schedule.AcceptOnlyFromAmong([.. s_schedules.Keys]);
        Option[] options = [_epochs, _optimizer, _head, _hidden, _dropout, _l2, _l1, _standardize, _balance, _smoothing, _patience, _schedule, _rate, _batch, _random, _seed];
        foreach (var option in options) command.Options.Add(option);
    }

    internal TrainingPlan Read(ParseResult parsed)
    {
        var head = parsed.GetRequiredValue(_head);
        return new TrainingPlan
        {
            Sigmoid = head == "sigmoid",
            // An array that is not given is empty and not null.
            HiddenUnits = parsed.GetResult(_hidden) is null ? head == "mlp" ? [1024, 512] : [] : parsed.GetValue(_hidden)!,
            Dropout = parsed.GetValue(_dropout) ?? (head == "mlp" ? 0.3 : 0),
            Epochs = parsed.GetValue(_epochs),
            Optimizer = s_optimizers[parsed.GetRequiredValue(_optimizer)],
            Schedule = s_schedules[parsed.GetRequiredValue(_schedule)],
            LearningRate = parsed.GetValue(_rate),
            L2 = parsed.GetValue(_l2),
            L1 = parsed.GetValue(_l1) ?? 0,
            LabelSmoothing = parsed.GetValue(_smoothing) ?? 0,
            Standardize = parsed.GetValue(_standardize),
            BalanceClasses = parsed.GetValue(_balance),
            Patience = parsed.GetValue(_patience),
            BatchSize = parsed.GetValue(_batch),
            RandomBatchesPerEpoch = parsed.GetValue(_random) is > 0 and var batches ? batches : null,
            Seed = parsed.GetValue(_seed),
        };
    }

    private static bool NotNegative(double value) => value is >= 0 and < double.PositiveInfinity;

    private static bool Fraction(double value) => value is >= 0 and < 1;

    /// <summary>A number that may be left out.</summary>
    private static Option<double?> Number(string name, string description, string help, Func<double, bool> holds, string rule) => new(name)
    {
        Description = description,
        HelpName = help,
        CustomParser = result => CommonOptions.ParseNumber(result, name, holds, rule),
    };

    /// <summary>A count from 1 that may be left out.</summary>
    private static Option<int?> Count(string name, string description, string help) => new(name)
    {
        Description = description,
        HelpName = help,
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && !text.StartsWith('-')) result.AddError($"{name} {text}: it must be a whole number of at most {int.MaxValue}.");
            else if (number < 1) result.AddError($"{name} must be at least 1.");
            return number;
        },
    };

    /// <summary>The sizes of layers.</summary>
    internal static int[] Sizes(ArgumentResult result, string option)
    {
        var text = result.Tokens[^1].Value;
        var sizes = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0) sizes.Add(size);
            else result.AddError($"{option} {text}: it must be whole numbers from 1 with commas between them, such as 256 or 1024,512.");
        }

        return [.. sizes];
    }
}
