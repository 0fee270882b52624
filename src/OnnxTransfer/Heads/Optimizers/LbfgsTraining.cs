using System.Diagnostics;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads.Optimizers;

/// <summary>
/// All rows at once by MathNet's L-BFGS (Liu and Nocedal, 1989), over double parameters whose objective and gradient the
/// float32 kernels compute. The minimizer works on v with <c>w = s·v</c>, s being one over the root of an estimate of the
/// objective's curvature along w: features of different sizes then look alike to it, and it needs fewer iterations.
/// </summary>
internal sealed class LbfgsTraining
{
    private const int Memory = 10;

    /// <summary>A step that moves no parameter by more than this, relatively, is rounding.</summary>
    private const double LeastStep = 1e-9;

    private readonly TrainingModel _model;
    private readonly LabelledFeatures _training;
    private readonly LabelledFeatures? _validation;
    private readonly TrainingOptions _options;
    private readonly int[] _order;
    private readonly (int Layer, int Index)[] _places;
    private readonly double[] _scales;
    private readonly List<float> _losses = [];
    private readonly float[][] _best;
    private double _lowest = double.PositiveInfinity;
    private double _bestLoss, _bestAccuracy;

    internal LbfgsTraining(TrainingModel model, LabelledFeatures training, TrainingOptions options, LabelledFeatures? validation)
    {
        (_model, _training, _options, _validation) = (model, training, options, validation);
        _order = [.. Enumerable.Range(0, training.Count)];
        _places = [.. Places()];
        _scales = [.. Scales()];
        _best = model.CopyParameters();
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
        var minimizer = new LimitedMemoryBfgsMinimizer(_options.Optimizer.GradientTolerance, LeastStep, 0, Memory, _options.Optimizer.MaxIterations);
        try
        {
            var result = minimizer.FindMinimum(ObjectiveFunction.Gradient(v => Evaluate(v, cancellationToken)), Start());
            return result.Iterations > minimizer.MaximumIterations ? StopReason.Completed : StopReason.Converged;
        }
        catch (InnerOptimizationException)
        {
            // The line search found nothing lower: what is left of the gradient is float32 rounding.
            return StopReason.Converged;
        }
        catch (OperationCanceledException) when (_losses.Count > 0)
        {
            return StopReason.Cancelled;
        }
    }

    private (double Value, Vector<double> Gradient) Evaluate(Vector<double> point, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var layers = _model.Network.Layers;
        for (var i = 0; i < _places.Length; i++) layers[_places[i].Layer].Parameters[_places[i].Index] = (float)(point[i] * _scales[i]);
        var (sum, correct) = _model.Network.LossAndGradient(_training, _order, 0, _order.Length, sameBatch: _losses.Count > 0);
        var loss = sum / _order.Length;
        _losses.Add((float)loss);
        var total = loss + _model.Network.PenaltyOfWeights();
        if (_lowest == double.PositiveInfinity && !(total < TrainingLoop.LossLimit))
            throw new TrainingDivergedException(Throw.DivergedMessage(_losses.Count, loss, _options.LearningRate), Result([], null, StopReason.Diverged));
        if (total < _lowest)
        {
            (_lowest, _bestLoss, _bestAccuracy) = (total, loss, correct / _order.Length);
            _model.CopyParametersTo(_best);
        }

        var gradient = new double[_places.Length];
        for (var i = 0; i < gradient.Length; i++) gradient[i] = layers[_places[i].Layer].Gradient[_places[i].Index] * _scales[i];
        return (total, Vector<double>.Build.Dense(gradient));
    }

    /// <summary>A linear head starts from zero, the objective being convex; hidden layers must start from different weights.</summary>
    private Vector<double> Start() => _model.Network.Layers.Count == 1
        ? Vector<double>.Build.Dense(_places.Length)
        : Vector<double>.Build.Dense(_places.Length, i => _model.Network.Layers[_places[i].Layer].Parameters[_places[i].Index] / _scales[i]);

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
    /// Along w[d,c] the mean cross-entropy of undecided outputs curves by <c>p(1-p)·mean x²</c> with p = 1/C, the penalty by L2.
    /// Of hidden layers nothing is known beforehand.
    /// </summary>
    private IEnumerable<double> Scales()
    {
        if (_model.Network.Layers.Count > 1) return Enumerable.Repeat(1.0, _places.Length);
        var (dim, outputs) = (_training.Features.Dim, _model.Network.Layers[0].Outputs);
        var p = 1.0 / Math.Max(2, outputs);
        var squares = new double[dim];
        for (var n = 0; n < _training.Count; n++)
        {
            var row = _training.Features.Row(n);
            for (var d = 0; d < dim; d++) squares[d] += (double)row[d] * row[d];
        }

        var curvatures = squares.Select(square => (_options.Standardize ? 1 : square / _training.Count) * p * (1 - p) + _options.L2).Append(p * (1 - p)).ToArray();
        var least = curvatures.Max() * 1e-6;
        return Enumerable.Range(0, outputs).SelectMany(_ => curvatures.Select(curvature => 1 / Math.Sqrt(Math.Max(curvature, least))));
    }

    private TrainedHead Result(EpochMetrics[] epochs, int? bestEpoch, StopReason reason) =>
        new(_model.ToHead(_best), new TrainingHistory(_losses, epochs, bestEpoch, reason));
}
