namespace OnnxTransfer.Training;

/// <summary>
/// When a training without a number of epochs has had enough steps. The objective (mean loss plus penalties) is averaged over windows
/// of at least <see cref="WindowSteps"/> steps, in whole epochs. The training ends after the first window that lowers it by less than
/// <see cref="LeastFall"/> of itself plus <see cref="Negligible"/>, so after two windows at the earliest.
/// <para>The constants were chosen by the experiment `draws` of the benchmarks: half the steps are too few for five images of each
/// class, and twice as many change no accuracy.</para>
/// </summary>
internal sealed class Settling
{
    internal const int WindowSteps = 100;

    /// <summary>Windows after which the training ends in any case, such as one that a large step size keeps restless.</summary>
    internal const int MostWindows = 100;

    private const double LeastFall = 0.01;
    private const double Negligible = 0.001;

    private readonly int _windowEpochs;
    private double _sum;
    private int _epochs;
    private double _before = double.PositiveInfinity;

    internal Settling(int stepsPerEpoch) => _windowEpochs = (int)(((long)WindowSteps + stepsPerEpoch - 1) / stepsPerEpoch);

    /// <summary>The largest number of epochs.</summary>
    internal int MostEpochs => MostWindows * _windowEpochs;

    /// <summary>Takes the mean loss of an epoch; true when the training has settled.</summary>
    /// <param name="loss">The mean loss of the epoch's rows.</param>
    /// <param name="penalty">The penalties of the weights as they are now, asked for at the end of a window.</param>
    internal bool Add(double loss, Func<double> penalty)
    {
        _sum += loss;
        if (++_epochs < _windowEpochs) return false;
        var objective = _sum / _epochs + penalty();
        var settled = _before - objective < LeastFall * Math.Abs(_before) + Negligible;
        (_before, _sum, _epochs) = (objective, 0, 0);
        return settled;
    }
}
