using System.Diagnostics;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Optimizers;

/// <summary>
/// All rows at once by L-BFGS (<see cref="LbfgsMemory"/>), over double parameters whose objective and gradient the float32 kernels
/// compute. The length of a step meets the two conditions of Wolfe ("Convergence conditions for ascent methods", 1969): the objective falls
/// enough, and the slope rises enough.
/// <para>A linear head is minimized in other coordinates, with the same objective and a rounder shape: V and b' with
/// <c>W = s·V</c>, <c>b = b' - mean(x)·W</c>, that is as if every feature had mean 0 (b costs nothing, so it may take that
/// up) and the objective the same curvature along each. By the chain rule <c>dV = s·(dW - mean(x)·db)</c>, <c>db' = db</c>.</para>
/// </summary>
internal sealed class LbfgsTraining
{
    private const int Memory = 10;

    /// <summary>A step as short as this share of the first one tried is rounding.</summary>
    private const double LeastLength = 1e-9;

    /// <summary>The share of the fall that the slope promises, which a step must bring.</summary>
    private const double LeastFall = 1e-4;

    /// <summary>The share of the slope that a step may leave.</summary>
    private const double LargestSlope = 0.9;

    /// <summary>After this many tries a step need not leave less of the slope; rounding may not let it.</summary>
    private const int TriesForSlope = 20;

    /// <summary>
    /// If this number of evaluations together lowers the objective by less than <see cref="Rounding"/> of itself, they measure
    /// float32's rounding and not the objective.
    /// </summary>
    private const int Window = 10;

    private const double Rounding = 1e-7;

    /// <summary>What float32 may add to an objective, as a share of it.</summary>
    private const double Noise = 2e-7;

    private readonly TrainingModel _model;
    private readonly TrainingRows _training;
    private readonly TrainingRows? _validation;
    private readonly TrainingOptions _options;
    private readonly LbfgsOptimizer _optimizer;
    private readonly (int Layer, int Index)[] _places;
    private readonly double[] _means;
    private readonly double[] _scales;
    private readonly List<float> _losses = [];
    private readonly float[][] _best;
    private readonly EpochMetrics _start;
    private double _lowest = double.PositiveInfinity;
    private double _lowestBefore = double.PositiveInfinity;
    private double _bestLoss, _bestAccuracy;
    private bool _settled;

    internal LbfgsTraining(TrainingModel model, TrainingRows training, TrainingOptions options, LbfgsOptimizer optimizer, TrainingRows? validation)
    {
        (_model, _training, _options, _optimizer, _validation) = (model, training, options, optimizer, validation);
        _places = [.. Places()];
        (_means, _scales) = Coordinates();
        _best = model.CopyParameters();
        _start = model.MeasureStart(training, validation);
    }

    internal TrainedHead Run(IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var reason = Minimize(cancellationToken);
        _model.SetParameters(_best);
        (double? loss, double? accuracy) = _validation is null ? (null, null) : ((double?, double?))_model.Evaluate(_validation);
        var epoch = new EpochMetrics(1, _bestLoss, _bestAccuracy, loss, accuracy, clock.Elapsed.TotalSeconds);
        progress?.Report(epoch);
        return Result([epoch], 1, reason);
    }

    private StopReason Minimize(CancellationToken cancellationToken)
    {
        var memory = new LbfgsMemory(_places.Length, Memory);
        var (point, gradient) = (Start(), new double[_places.Length]);
        var (trial, trialGradient, direction) = (new double[_places.Length], new double[_places.Length], new double[_places.Length]);
        try
        {
            var objective = Evaluate(point, gradient, cancellationToken);
            for (var iteration = 0; iteration < _optimizer.MaxIterations; iteration++)
            {
                if (gradient.Max(Math.Abs) <= _optimizer.GradientTolerance) return StopReason.Converged;
                var slope = memory.Descend(gradient, direction);
                // A step that says nothing of the curvature yet is at most one unit long.
                if (Step(memory.IsEmpty ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1, slope) is not { } lower) return StopReason.Converged;
                memory.Remember(point, trial, gradient, trialGradient);
                (point, trial, gradient, trialGradient, objective) = (trial, point, trialGradient, gradient, lower);
                if (_settled) return StopReason.Converged;
            }

            return StopReason.Completed;

            // Bisection between a length that is too short and one that is too long. Null where nothing lower is found: what is left of the
            // gradient is float32 rounding.
            double? Step(double first, double slope)
            {
                var (low, high, length) = (0.0, double.PositiveInfinity, first);
                for (var tries = 1; length >= LeastLength * first; tries++)
                {
                    LbfgsMemory.Combine(point, length, direction, trial);
                    var lower = Evaluate(trial, trialGradient, cancellationToken);
                    var falls = lower <= objective + LeastFall * length * slope + Noise * Math.Abs(objective);
                    if (falls && (tries > TriesForSlope || DenseKernels.Dot<double>(trialGradient, direction) >= LargestSlope * slope)) return lower;
                    if (_settled) return null;
                    if (falls) low = length;
                    else high = length;
                    // By tenths down to the first length that is short enough: features in large units want a first step shorter by magnitudes.
                    length = low == 0 ? high / 10 : double.IsFinite(high) ? (low + high) / 2 : 2 * length;
                }

                return null;
            }
        }
        catch (OperationCanceledException) when (_losses.Count > 0)
        {
            return StopReason.Canceled;
        }
    }

    /// <summary>The objective at a point, and its gradient.</summary>
    private double Evaluate(double[] point, double[] gradient, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Unpack(point);
        var (sum, correct) = _model.LossAndGradient(_training, sameRows: _losses.Count > 0);
        var loss = sum / _training.Count;
        _losses.Add((float)loss);
        var total = loss + _model.Network.PenaltyOfWeights();
        if (_lowest == double.PositiveInfinity && !(total < TrainingLoop.LossLimit))
            throw new TrainingDivergedException(Throw.DivergedMessage(_losses.Count, loss, _options.LearningRate), Result([], null, StopReason.Diverged));
        if (total < _lowest)
        {
            (_lowest, _bestLoss, _bestAccuracy) = (total, loss, correct / _training.Count);
            _model.CopyParametersTo(_best);
        }

        if (_losses.Count % Window == 0)
        {
            _settled = _lowestBefore - _lowest < Rounding * _lowest;
            _lowestBefore = _lowest;
        }

        PackGradient(gradient);
        return total;
    }

    private void Unpack(double[] point)
    {
        // Parameters come output by output, the weights and then the bias, as Places lists them.
        var layers = _model.Network.Layers;
        var moved = 0.0;
        for (int i = 0, d = 0; i < _places.Length; i++)
        {
            var value = point[i] * _scales[d] - (d == _means.Length ? moved : 0);
            layers[_places[i].Layer].Parameters[_places[i].Index] = (float)value;
            (moved, d) = d < _means.Length ? (moved + value * _means[d], d + 1) : (0, 0);
        }
    }

    private void PackGradient(double[] gradient)
    {
        var layers = _model.Network.Layers;
        var bias = 0.0;
        for (int i = _places.Length - 1, d = _means.Length; i >= 0; i--)
        {
            var value = (double)layers[_places[i].Layer].Gradient[_places[i].Index];
            if (d == _means.Length) bias = value;
            else value -= _means[d] * bias;
            gradient[i] = value * _scales[d];
            d = d > 0 ? d - 1 : _means.Length;
        }
    }

    /// <summary>
    /// A linear head starts from zero, the objective being convex, unless it goes on from trained weights; hidden layers start from different
    /// weights. The coordinates are the reverse of <see cref="Unpack"/>.
    /// </summary>
    private double[] Start()
    {
        var point = new double[_places.Length];
        if (_model.Network.Layers.Count == 1 && !_model.HasStart) return point;
        var moved = 0.0;
        for (int i = 0, d = 0; i < _places.Length; i++)
        {
            var value = (double)_model.Network.Layers[_places[i].Layer].Parameters[_places[i].Index];
            point[i] = (value + (d == _means.Length ? moved : 0)) / _scales[d];
            (moved, d) = d < _means.Length ? (moved + value * _means[d], d + 1) : (0, 0);
        }

        return point;
    }

    private IEnumerable<(int Layer, int Index)> Places()
    {
        for (var l = 0; l < _model.Network.Layers.Count; l++)
        {
            var layer = _model.Network.Layers[l];
            for (var c = 0; c < layer.Outputs; c++)
            {
                for (var d = 0; d < layer.Inputs; d++) yield return (l, layer.WeightIndex(d, c));
                yield return (l, layer.BiasIndex(c));
            }
        }
    }

    /// <summary>
    /// mean(x) and s: one over the root of the curvature, which along w[d,c] is <c>p(1-p)·var x</c> of the cross-entropy of
    /// undecided outputs, p = 1/C, and L2 of the penalty. Of hidden layers nothing is known beforehand: 0 and 1.
    /// </summary>
    private (double[] Means, double[] Scales) Coordinates()
    {
        if (_model.Network.Layers.Count > 1) return ([], [1]);
        var features = Standardization.Of(_training.Moments);
        var p = 1.0 / Math.Max(2, _model.Network.Layers[0].Outputs);
        var deviations = features.Scale.Select(scale => _options.Standardize ? 1 : scale == 0 ? 0 : 1.0 / scale);
        var curvatures = deviations.Select(deviation => deviation * deviation * p * (1 - p) + (_options.L2 ?? 0)).Append(p * (1 - p)).ToArray();
        var least = curvatures.Max() * 1e-6;
        return ([.. features.Mean.Select(mean => _options.Standardize ? 0.0 : mean)], [.. curvatures.Select(curvature => 1 / Math.Sqrt(Math.Max(curvature, least)))]);
    }

    private TrainedHead Result(EpochMetrics[] epochs, int? bestEpoch, StopReason reason) => new(_model.ToHead(_best), new TrainingHistory(_start, _losses, [], epochs, bestEpoch, reason)
    {
        L2 = _options.L2 ?? 0,
        IsUnbounded = epochs is [.., { TrainAccuracy: 1 }] && !TrainingChecks.LimitsWeights(_options),
    });
}
