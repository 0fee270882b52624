using OnnxTransfer.Evaluation;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Two classifiers on the same images: how much better the first one is than the other, and whether chance explains it. Only images that both
/// could use count.
/// </summary>
public sealed record EvaluationComparison
{
    private EvaluationComparison()
    {
    }

    /// <summary>n, the images that both could use.</summary>
    public required int Count { get; init; }

    /// <summary>The accuracy of the first one, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>The accuracy of the other one, in [0, 1].</summary>
    public required double OtherAccuracy { get; init; }

    /// <summary>The mean log loss of the first one, natural logarithm.</summary>
    public required double Loss { get; init; }

    /// <summary>The mean log loss of the other one.</summary>
    public required double OtherLoss { get; init; }

    /// <summary>The standard error of the difference of the two mean losses, from the differences image by image.</summary>
    public required double LossDifferenceError { get; init; }

    /// <summary>The images that only the first one classified rightly, in the order of the dataset.</summary>
    public required IReadOnlyList<EvaluatedImage> Gained { get; init => field = EquatableList.Of(value, nameof(Gained)); }

    /// <summary>The images that only the other one classified rightly, in the order of the dataset, with the first one's predictions.</summary>
    public required IReadOnlyList<EvaluatedImage> Lost { get; init => field = EquatableList.Of(value, nameof(Lost)); }

    /// <summary>The recall of each class that images have, by both, in the order of the first one's labels.</summary>
    public required IReadOnlyList<ComparedClass> Classes { get; init => field = EquatableList.Of(value, nameof(Classes)); }

    /// <summary>The accuracy of the first one less that of the other, in [-1, 1].</summary>
    public double Difference => Accuracy - OtherAccuracy;

    /// <summary>
    /// The range of the difference, with 95 % confidence (Bonett and Price 2012, an adjusted Wald interval for paired shares): with
    /// g = (gained + 1)/(n + 2) and l = (lost + 1)/(n + 2), <c>g - l ± z·sqrt((g + l - (g - l)²)/(n + 2))</c>.
    /// </summary>
    public DifferenceInterval DifferenceInterval
    {
        get
        {
            var n = Count + 2.0;
            var (gained, lost) = ((Gained.Count + 1) / n, (Lost.Count + 1) / n);
            var half = WilsonInterval.Z * Math.Sqrt((gained + lost - ((gained - lost) * (gained - lost))) / n);
            return new DifferenceInterval(Math.Max(-1, gained - lost - half), Math.Min(1, gained - lost + half));
        }
    }

    /// <summary>
    /// McNemar's exact test, two-sided: how probable a difference at least as large is between classifiers that are equally good. Of gained + lost
    /// images each is then as likely one as the other. 1 if no image tells the two apart.
    /// </summary>
    public double PValue
    {
        get
        {
            var (few, all) = (Math.Min(Gained.Count, Lost.Count), Gained.Count + Lost.Count);
            // The terms of the binomial distribution by their ratios, from the logarithm of the first: 2^-n underflows.
            double sum = 0, term = -all * Math.Log(2);
            for (var k = 0; k <= few; k++)
            {
                sum += Math.Exp(term);
                term += Math.Log((double)(all - k) / (k + 1));
            }

            return Math.Min(1, 2 * sum);
        }
    }

    /// <summary>Compares the results of two classifiers image by image; both lists are those of the same dataset.</summary>
    internal static EvaluationComparison Of(IReadOnlyList<EvaluatedImage> images, IReadOnlyList<EvaluatedImage> others, IReadOnlyList<string> labels, IReadOnlyList<string> otherLabels)
    {
        var pairs = images.Zip(others).Where(pair => pair.First.Prediction is not null && pair.Second.Prediction is not null).ToList();
        if (pairs.Count == 0) throw Throw.NoCommonImage();
        var (place, otherPlace) = (Places(labels), Places(otherLabels));
        var losses = pairs.Select(pair => LossOf(pair.First, place)).ToList();
        var otherLosses = pairs.Select(pair => LossOf(pair.Second, otherPlace)).ToList();
        var differences = losses.Zip(otherLosses, (loss, other) => loss - other).ToList();
        var mean = differences.Average();
        var variance = pairs.Count > 1 ? differences.Sum(difference => (difference - mean) * (difference - mean)) / (pairs.Count - 1) : 0;
        return new EvaluationComparison
        {
            Count = pairs.Count,
            Accuracy = Share(pairs, pair => pair.First.IsCorrect),
            OtherAccuracy = Share(pairs, pair => pair.Second.IsCorrect),
            Loss = losses.Average(),
            OtherLoss = otherLosses.Average(),
            LossDifferenceError = Math.Sqrt(variance / pairs.Count),
            Gained = [.. pairs.Where(pair => pair.First.IsCorrect && !pair.Second.IsCorrect).Select(pair => pair.First)],
            Lost = [.. pairs.Where(pair => !pair.First.IsCorrect && pair.Second.IsCorrect).Select(pair => pair.First)],
            Classes =
            [
                .. pairs.GroupBy(pair => pair.First.Label).OrderBy(group => place[group.Key]).Select(group => new ComparedClass(
                    group.Key, group.Count(), Share(group.ToList(), pair => pair.First.IsCorrect), Share(group.ToList(), pair => pair.Second.IsCorrect))),
            ],
        };
    }

    private static double Share<T>(List<T> all, Func<T, bool> holds) => (double)all.Count(holds) / all.Count;

    private static Dictionary<string, int> Places(IReadOnlyList<string> labels) => labels.Index().ToDictionary(one => one.Item, one => one.Index, StringComparer.Ordinal);

    private static double LossOf(EvaluatedImage image, Dictionary<string, int> place) =>
        -Math.Log(Math.Max(image.Prediction!.Probabilities[place[image.Label]], Evaluator.SmallestProbability));
}

/// <summary>The range of the difference of two shares.</summary>
/// <param name="Low">The lower end, in [-1, 1].</param>
/// <param name="High">The upper end, in [-1, 1].</param>
public readonly record struct DifferenceInterval(double Low, double High)
{
    /// <summary>Whether no difference at all is among the values.</summary>
    public bool HasZero => Low <= 0 && High >= 0;
}

/// <summary>How well two classifiers find a class.</summary>
/// <param name="Label">The class.</param>
/// <param name="Count">Its images.</param>
/// <param name="Recall">The share of them that the first one classified rightly, in [0, 1].</param>
/// <param name="OtherRecall">The share of them that the other one classified rightly, in [0, 1].</param>
public sealed record ComparedClass(string Label, int Count, double Recall, double OtherRecall);
