using System.Text.Json;
using System.Text.Json.Serialization;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Evaluation;

namespace OnnxTransfer;

/// <summary>
/// What labeled images that were not trained on say about the probabilities of a classifier: the temperature that makes them honest, and
/// how improbable the true class of an image can be. It is part of the classifier's file.
/// </summary>
public sealed partial class ClassifierCalibration
{
    // The probabilities of the true classes, from the greatest to the least: 1 minus the scores, from the least to the greatest.
    private readonly float[] _truths;

    private ClassifierCalibration(double temperature, double lossBefore, double lossAfter, float[] truths)
    {
        (Temperature, LossBefore, LossAfter) = (temperature, lossBefore, lossAfter);
        _truths = [.. truths.OrderDescending()];
    }

    /// <summary>
    /// T: the logits are divided by it. Above 1 the classifier was too sure of itself, below 1 too timid (Guo et al., 2017, section 4.2). The
    /// weights of the head include it.
    /// </summary>
    public double Temperature { get; }

    /// <summary>n, the number of images.</summary>
    public int Count => _truths.Length;

    /// <summary>The mean cross-entropy of these images before the division by <see cref="Temperature"/>.</summary>
    public double LossBefore { get; }

    /// <summary>The mean cross-entropy of these images after it.</summary>
    public double LossAfter { get; }

    /// <summary>
    /// The least probability of a class in a set of classes that contains the true class of a new image with the given probability:
    /// <c>1 - q</c>, where q is the ⌈(n+1)·coverage⌉-th smallest of the n scores <c>1 - p(true class)</c> (split conformal prediction with the
    /// LAC score; Sadinle, Lei and Wasserman, 2019). 0, which is every class, where n is too small for the coverage.
    /// </summary>
    /// <remarks>
    /// The promise is for images that are drawn like the n images (exchangeable), on average over both. It does not hold for near duplicates of them, for
    /// another camera or place, or for each class by itself.
    /// </remarks>
    /// <param name="coverage">Such as 0.95; above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The coverage is not between 0 and 1.</exception>
    public float LeastProbability(double coverage)
    {
        if (!(coverage is > 0 and < 1)) Throw.OptionOutOfRange(nameof(coverage), coverage, "above 0 and below 1, such as 0.95");
        var rank = Rank(Count, coverage);
        return rank > Count ? 0 : _truths[rank - 1];
    }

    /// <summary>The least number of images for a coverage: with fewer, every set has all classes.</summary>
    /// <param name="coverage">Such as 0.95, which needs 19.</param>
    public static int LeastCount(double coverage) => Enumerable.Range(1, int.MaxValue - 1).First(count => Rank(count, coverage) <= count);

    /// <summary>What rows that were not trained on say.</summary>
    /// <param name="temperature">T of <see cref="TemperatureFit"/>.</param>
    /// <param name="before"><c>[N,C]</c>, the probabilities before the temperature, in blocks of rows.</param>
    /// <param name="after">Those after it, which predictions will have, in blocks of rows.</param>
    /// <param name="labels"><c>[N]</c>, the true classes.</param>
    internal static ClassifierCalibration Of(double temperature, IEnumerable<Matrix<float>> before, IEnumerable<Matrix<float>> after, ReadOnlySpan<int> labels)
    {
        var truths = Truths(after, labels);
        return new ClassifierCalibration(temperature, Loss(Truths(before, labels)), Loss(truths), truths);
    }

    /// <summary>The probabilities <c>[N]</c> of the true classes.</summary>
    private static float[] Truths(IEnumerable<Matrix<float>> probabilities, ReadOnlySpan<int> labels)
    {
        var truths = new float[labels.Length];
        var first = 0;
        foreach (var block in probabilities)
        {
            // Rounding can carry a probability a little past 1.
            for (var row = 0; row < block.RowCount; row++) truths[first + row] = Math.Clamp(block[row, labels[first + row]], 0, 1);
            first += block.RowCount;
        }

        return truths;
    }

    private static double Loss(float[] truths) => truths.Average(truth => -Math.Log(Math.Max(truth, float.Epsilon)));

    internal string ToJson() => JsonSerializer.Serialize(new Document(Temperature, LossBefore, LossAfter, _truths), CalibrationJson.Default.Document);

    /// <exception cref="JsonException">The text is none.</exception>
    /// <exception cref="InvalidDataException">A number is out of its range.</exception>
    internal static ClassifierCalibration FromJson(string json)
    {
        var document = JsonSerializer.Deserialize(json, CalibrationJson.Default.Document);
        if (document is not { Temperature: > 0, Truths.Length: > 0 } || !double.IsFinite(document.Temperature) || Array.Exists(document.Truths, p => !(p is >= 0 and <= 1)))
            throw new InvalidDataException("its calibration has numbers that are out of range.");
        return new ClassifierCalibration(document.Temperature, document.LossBefore, document.LossAfter, document.Truths);
    }

    // A coverage such as 0.95 is no exact binary number: 20 · 0.95 is to be 19.
    private static int Rank(int count, double coverage) => (int)Math.Ceiling(((count + 1) * coverage) - 1e-9);

    /// <param name="Temperature">T.</param>
    /// <param name="LossBefore">Before T.</param>
    /// <param name="LossAfter">After T.</param>
    /// <param name="Truths">The probability of the true class, for each image.</param>
    private sealed record Document(double Temperature, double LossBefore, double LossAfter, float[] Truths);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Document))]
    private sealed partial class CalibrationJson : JsonSerializerContext;
}
