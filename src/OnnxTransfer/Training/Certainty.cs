namespace OnnxTransfer.Training;

/// <summary>What a classifier knows about its own certainty, beside the weights of its head.</summary>
/// <param name="Calibration">Measured on images that were not trained on; null for none.</param>
/// <param name="UnknownBelow">The probability below which a prediction is unknown; 0 for none.</param>
internal sealed record Certainty(ClassifierCalibration? Calibration, double UnknownBelow)
{
    internal static Certainty None { get; } = new(null, 0);
}
