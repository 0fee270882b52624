using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training.Tuning;

/// <summary>
/// One head of a path, trained on all rows but those of a fold, by L-BFGS (<see cref="LbfgsMemory"/>) with steps that are halved until the
/// objective falls enough. It waits for the loss and gradient of its point, which a pass over the rows gives to all heads together,
/// and answers with the next point. Coordinates are those of <see cref="LbfgsTraining"/>: weights in units of the root of
/// their curvature.
/// </summary>
internal sealed class PathHead
{
    private const int Memory = 6;
    private const double LeastFall = 1e-4;
    private const int MostEvaluations = 500;

    /// <summary>What float32 leaves of an objective: falls below this share of it are not seen.</summary>
    private const double Rounding = 2e-7;

    private readonly double[] _scales;
    private readonly int _outputs;
    private readonly double[] _point, _gradient, _direction, _trial, _trialGradient;
    private readonly LbfgsMemory _memory;
    private readonly double _tolerance;
    private double _objective = double.PositiveInfinity;
    private double _slope, _length = 1;
    private int _evaluations, _still;

    /// <param name="fold">The fold that is held out.</param>
    /// <param name="rowCount">The number of training rows.</param>
    /// <param name="l2">The penalty on the mean loss of these rows.</param>
    /// <param name="variances"><c>[D]</c>, of the features as they are trained on.</param>
    /// <param name="outputs">C.</param>
    /// <param name="start">The solution of a head with the same fold; null for zeros.</param>
    /// <param name="tolerance">Largest component of the gradient at the end.</param>
    internal PathHead(int fold, int rowCount, double l2, double[] variances, int outputs, PathHead? start, double tolerance)
    {
        (Fold, RowCount, L2, _outputs, _tolerance) = (fold, rowCount, l2, outputs, tolerance);
        var p = 1.0 / outputs;
        // The last is the bias, which has no penalty.
        double[] curvatures = [.. variances.Select(variance => variance * p * (1 - p) + l2), p * (1 - p)];
        var least = curvatures.Max() * 1e-6;
        _scales = [.. curvatures.Select(curvature => 1 / Math.Sqrt(Math.Max(curvature, least)))];
        var length = _scales.Length * outputs;
        (_point, _gradient, _direction, _trial, _trialGradient) = (new double[length], new double[length], new double[length], new double[length], new double[length]);
        _memory = new LbfgsMemory(length, Memory);
        if (start is null) return;
        for (var i = 0; i < length; i++) _trial[i] = start._point[i] * start._scales[i % _scales.Length] / _scales[i % _scales.Length];
    }

    internal int Fold { get; }

    internal int RowCount { get; }

    internal double L2 { get; }

    /// <summary>Whether the optimum is found, within the tolerance or float32's rounding.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>How the head does at the best point so far.</summary>
    internal FoldScore Score { get; private set; }

    /// <summary>The objective at the best point so far.</summary>
    internal double Value => _objective;

    /// <summary>Puts the point whose loss is wanted into a layer, from the given output on.</summary>
    internal void Write(PackedLayer<float> layer, int output)
    {
        for (int c = 0, i = 0; c < _outputs; c++)
        {
            for (var d = 0; d < layer.Inputs; d++, i++) layer.Parameters[layer.WeightIndex(d, output + c)] = (float)(_trial[i] * _scales[d]);
            layer.Parameters[layer.BiasIndex(output + c)] = (float)(_trial[i++] * _scales[^1]);
        }
    }

    /// <summary>Takes the losses and the gradient at the point, and chooses the next one.</summary>
    internal void Advance(PackedLayer<float> layer, int output, FoldScore score)
    {
        if (IsDone) return;
        _evaluations++;
        var objective = Read(layer, output) + score.TrainingLoss;
        if (double.IsFinite(objective) && objective <= _objective + LeastFall * _length * _slope + Rounding * Math.Abs(_objective)) Accept(objective, score);
        else if (_length < 1e-4) IsDone = true;
        else Try(_length / 2);
        if (_evaluations >= MostEvaluations) IsDone = true;
    }

    private void Accept(double objective, FoldScore score)
    {
        if (_evaluations > 1) _memory.Remember(_point, _trial, _gradient, _trialGradient);
        // Three steps that gain nothing measure rounding.
        _still = _objective - objective < Rounding * Math.Abs(objective) ? _still + 1 : 0;
        (_objective, Score) = (objective, score);
        _trial.CopyTo(_point, 0);
        _trialGradient.CopyTo(_gradient, 0);
        if (_gradient.Max(Math.Abs) <= _tolerance || _still >= 3)
        {
            IsDone = true;
            return;
        }

        _slope = _memory.Descend(_gradient, _direction);
        Try(1);
    }

    private void Try(double length)
    {
        _length = length;
        LbfgsMemory.Combine(_point, length, _direction, _trial);
    }

    /// <summary>The gradient of the objective at the trial point, and its penalty.</summary>
    private double Read(PackedLayer<float> layer, int output)
    {
        var squares = 0.0;
        for (int c = 0, i = 0; c < _outputs; c++)
        {
            for (var d = 0; d < layer.Inputs; d++, i++)
            {
                var weight = _trial[i] * _scales[d];
                squares += weight * weight;
                _trialGradient[i] = (layer.Gradient[layer.WeightIndex(d, output + c)] + L2 * weight) * _scales[d];
            }

            _trialGradient[i++] = layer.Gradient[layer.BiasIndex(output + c)] * _scales[^1];
        }

        return L2 / 2 * squares;
    }
}
