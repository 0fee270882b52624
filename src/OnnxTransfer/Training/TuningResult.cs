using OnnxTransfer.Internals;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>What cross-validation says about one setting of a head.</summary>
/// <param name="L2">The value for all rows; a fold with n of N rows used <c>L2·N/n</c>.</param>
/// <param name="Standardize">Whether the features were standardized.</param>
/// <param name="Loss">The mean over the folds of the log loss on held-out rows, natural logarithm.</param>
/// <param name="LossError">The standard error of this mean.</param>
/// <param name="Accuracy">The mean over the folds of the accuracy on held-out rows, in [0, 1].</param>
/// <param name="AccuracyError">The standard error of this mean.</param>
public sealed record TuningPoint(double L2, bool Standardize, double Loss, double LossError, double Accuracy, double AccuracyError);

/// <summary>What cross-validation says about a network with one hidden layer.</summary>
/// <param name="Units">The size of the layer.</param>
/// <param name="Loss">The mean over the folds of the log loss on held-out rows, natural logarithm.</param>
/// <param name="LossError">The standard error of this mean.</param>
/// <param name="Accuracy">The mean over the folds of the accuracy on held-out rows, in [0, 1].</param>
/// <param name="AccuracyError">The standard error of this mean.</param>
public sealed record HiddenLayerPoint(int Units, double Loss, double LossError, double Accuracy, double AccuracyError);

/// <summary>The result of <c>ClassifierHead.Tune</c>.</summary>
/// <param name="Points">Every setting that was tried: plain features before standardized ones, and from the largest L2 down.</param>
/// <param name="Best">
/// The setting with the lowest mean loss; of equal ones, the one with the largest L2. Standardized features count only if their lowest loss
/// is more than one standard error, the larger of the two, below the lowest of plain features.
/// </param>
/// <param name="Chosen">The setting that was chosen: <paramref name="Best"/>, or <see cref="Simplest"/> if <see cref="TuningOptions.OneStandardError"/> asks for it.</param>
/// <param name="Trained">The head that was trained on all rows with the chosen setting, by L-BFGS.</param>
/// <param name="NeighborAccuracy">
/// The accuracy of a k-nearest-neighbor vote by the same folds, which trains nothing: k = 20, votes exp(cosine/0.07) (Wu et al., 2018). A head
/// that is no better is not needed.
/// </param>
public sealed record TuningResult(IReadOnlyList<TuningPoint> Points, TuningPoint Best, TuningPoint Chosen, TrainedHead Trained, FoldMean NeighborAccuracy)
{
    /// <summary>Every setting that was tried: plain features before standardized ones, and from the largest L2 down.</summary>
    public IReadOnlyList<TuningPoint> Points { get; init => field = EquatableList.Of(value, nameof(Points)); } = EquatableList.Of(Points);

    /// <summary>The hidden layers that were tried, from the smallest; empty unless <see cref="TuningOptions.HiddenUnits"/> names some.</summary>
    public IReadOnlyList<HiddenLayerPoint> HiddenLayers { get; init => field = EquatableList.Of(value, nameof(HiddenLayers)); } = EquatableList.Of<HiddenLayerPoint>([]);

    /// <summary>
    /// The hidden layer of <see cref="Trained"/>; null for a linear head with <see cref="Chosen"/>. Of those that are better than the best linear head it is
    /// the one with the lowest loss, or by the rule of one standard error the smallest that is as good.
    /// </summary>
    public HiddenLayerPoint? ChosenHiddenLayer { get; init; }

    /// <summary>
    /// The setting with the largest L2, and the features of <see cref="Best"/>, whose mean loss is at most one standard error above that of
    /// <see cref="Best"/> (Breiman et al., 1984).
    /// </summary>
    public TuningPoint Simplest => HeadTuner.Simplest(Points, Best);

    /// <summary>Whether the chosen L2 is the largest or the smallest that was tried, so that a better one may lie beyond.</summary>
    public bool IsAtTheEnd => Points.Where(point => point.Standardize == Chosen.Standardize).ToList() is [var first, .., var last] && (Chosen == first || Chosen == last);
}
