using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void NothingToEvaluate() =>
        throw new ArgumentException("There are no probabilities to evaluate: at least one row is needed.");

    [DoesNotReturn]
    internal static void LabelsDoNotMatchProbabilities(int labels, int rows) =>
        throw new ArgumentException($"There are probabilities of {rows} rows but {labels} labels: every row needs one label.");

    [DoesNotReturn]
    internal static void NamesDoNotMatchProbabilities(int names, int classes) =>
        throw new ArgumentException($"There are probabilities of {classes} classes but {names} class names: every class needs one name.");

    [DoesNotReturn]
    internal static void EvaluationLabelOutOfRange(int row, int label, int classCount) =>
        throw new ArgumentException($"The label of row {row} is {label}, but with {classCount} classes labels go from 0 to {classCount - 1}.");

    [DoesNotReturn]
    internal static void ProbabilityIsNaN(int row, int column) =>
        throw new ArgumentException($"The probability of class {column} in row {row} is NaN, so no score can be computed: give numbers from 0 to 1.");

    internal static ArgumentException NoCommonImage() =>
        new("There is no image that both classifiers could use, so there is nothing to compare.");

    internal static ArgumentException RunsOfOtherImages(int index, string mine, string other) =>
        new($"The two evaluations are of different images: image {index} is '{mine}' here and '{other}' there. Compare evaluations of the same dataset.");

    internal static ArgumentException RunsOfOtherClasses(IEnumerable<string> mine, IEnumerable<string> others) =>
        new($"The two classifiers have different classes, so their scores cannot be compared: only the first knows {List(mine)}, and only the other {List(others)}.");

    private static string List(IEnumerable<string> labels) => labels.Select(label => $"'{label}'").DefaultIfEmpty("none").Aggregate((all, label) => $"{all}, {label}");

    internal static InvalidOperationException RanksUnknown() =>
        new("The result does not say which rank the true class of each image has, so there is no top-k accuracy: set RankCounts, as an evaluation does.");

    internal static ArgumentException PredictionOfOtherClasses(string name, int probabilities, int labels) =>
        new($"There are {probabilities} probabilities and {labels} labels: give one probability for each label, and at least one label.", name);

    internal static ArgumentException NoProbability(string name, string label, float value) =>
        new(string.Create(CultureInfo.InvariantCulture, $"The probability of '{label}' is {value}: give a number from 0 to 1."), name);
}
