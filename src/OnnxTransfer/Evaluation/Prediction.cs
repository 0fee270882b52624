using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>What a classifier says about one image.</summary>
public sealed class Prediction
{
    private readonly IReadOnlyList<string> _labels;

    /// <summary>Creates a prediction, for a test or for your own implementation of <see cref="IImageClassifier"/>.</summary>
    /// <param name="labels">The classes, <c>[C]</c>.</param>
    /// <param name="probabilities">The probability of every class, <c>[C]</c>, 0 to 1.</param>
    /// <exception cref="ArgumentException">There is no class, the counts differ, or a number is not between 0 and 1.</exception>
    public Prediction(IReadOnlyList<string> labels, IReadOnlyList<float> probabilities)
        : this(Checked(labels, probabilities), labels)
    {
    }

    internal Prediction(float[] probabilities, IReadOnlyList<string> labels)
    {
        Probabilities = probabilities;
        _labels = labels;
        Index = Argmax.Of<float>(probabilities);
    }

    /// <summary>
    /// Whether the most probable class is not probable enough to be the answer, by the classifier's
    /// <see cref="ImageClassifier.UnknownBelow"/>: the image may be of none of the classes.
    /// </summary>
    public bool IsUnknown => Probability < UnknownBelow;

    /// <summary>The probability below which the prediction is unknown; 0 for none.</summary>
    public double UnknownBelow { get; init => field = Require.Probability(value, nameof(UnknownBelow)); }

    /// <summary>The most probable class, also of a prediction that <see cref="IsUnknown"/>.</summary>
    public string Label => _labels[Index];

    /// <summary>The position of the most probable class among the classifier's labels.</summary>
    public int Index { get; }

    /// <summary>The probability of the most probable class, 0 to 1.</summary>
    public float Probability => Probabilities[Index];

    /// <summary>The probability of every class, <c>[C]</c>, in the order of the classifier's labels.</summary>
    public IReadOnlyList<float> Probabilities { get; }

    private static float[] Checked(IReadOnlyList<string> labels, IReadOnlyList<float> probabilities)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(probabilities);
        if (labels.Count == 0 || labels.Count != probabilities.Count) throw Throw.PredictionOfOtherClasses(nameof(probabilities), probabilities.Count, labels.Count);
        for (var i = 0; i < probabilities.Count; i++)
        {
            if (!(probabilities[i] is >= 0 and <= 1)) throw Throw.NoProbability(nameof(probabilities), labels[i], probabilities[i]);
        }

        return [.. probabilities];
    }

    /// <summary>The most probable classes, best first.</summary>
    /// <param name="count">The number of classes to return; all classes if the number is larger.</param>
    public IReadOnlyList<ClassProbability> Top(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return
        [
            .. Enumerable.Range(0, Probabilities.Count)
                .OrderByDescending(i => Probabilities[i]).ThenBy(i => i)
                .Take(count)
                .Select(i => new ClassProbability(_labels[i], i, Probabilities[i])),
        ];
    }
}

/// <summary>One class of a prediction.</summary>
/// <param name="Label">The class.</param>
/// <param name="Index">Its position among the classifier's labels.</param>
/// <param name="Probability">Its probability, 0 to 1.</param>
public sealed record ClassProbability(string Label, int Index, float Probability);

/// <summary>The result for one image among many: a prediction, or the reason why there is none.</summary>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Prediction">The prediction; null when the image could not be used.</param>
/// <param name="Error">Why the image could not be used; null when there is a prediction.</param>
public sealed record ImagePrediction(string Id, Prediction? Prediction, string? Error)
{
    /// <summary>What makes the image doubtful though it was used, such as a damaged file, each in one sentence; empty for nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = EquatableList.Of(value, nameof(Warnings)); } = EquatableList.Of<string>([]);

    /// <summary>Whether the guard against hangs (<see cref="DecodeOptions.MaxTime"/>) stopped the decode. If true, the image itself may be valid.</summary>
    public bool TimedOut { get; init; }
}
