using System.Diagnostics;
using OnnxTransfer.Heads.Optimizers;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Heads;

/// <summary>Epochs of shuffled batches, the best weights kept on the way.</summary>
internal sealed class TrainingLoop
{
    /// <summary>
    /// A cross-entropy no training comes back from: the right class' logit is a million below the largest. It catches
    /// a learning rate that throws the weights to 1e9 long before float32 overflows.
    /// </summary>
    private const double LossLimit = 1e6;

    private readonly LabelledFeatures _training;
    private readonly LabelledFeatures? _validation;
    private readonly TrainingOptions _options;
    private readonly SoftmaxModel<float> _model;
    private readonly UpdateRule _rule;
    private readonly SeededRandom _random;
    private readonly int[] _order;
    private readonly float[] _best;
    private readonly List<float> _stepLosses = [];
    private readonly List<EpochMetrics> _epochs = [];
    private int? _bestEpoch;

    internal TrainingLoop(LabelledFeatures training, int classCount, TrainingOptions options, LabelledFeatures? validation)
    {
        _training = training;
        _validation = validation;
        _options = options;
        _model = new SoftmaxModel<float>(training.Features.Dim, classCount);
        if (options.InitialWeights == InitialWeights.GlorotUniform) _model.InitializeGlorot(new SeededRandom(options.Seed, SeededRandom.Purpose.Weights));
        _rule = UpdateRule.Create(options.Optimizer, _model.Parameters.Length);
        _random = new SeededRandom(options.Seed, SeededRandom.Purpose.Order);
        _order = [.. Enumerable.Range(0, training.Count)];
        _best = [.. _model.Parameters];
    }

    internal TrainedHead Run(IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        for (var epoch = 1; epoch <= _options.Epochs; epoch++)
        {
            var clock = Stopwatch.StartNew();
            _random.Shuffle(_order);
            double loss = 0;
            var correct = 0;
            for (var start = 0; start < _order.Length; start += _options.BatchSize)
            {
                if (cancellationToken.IsCancellationRequested && _stepLosses.Count > 0) return Cancelled();
                var rows = _order.AsSpan(start, Math.Min(_options.BatchSize, _order.Length - start));
                var (batchLoss, batchCorrect) = _model.LossAndGradient(_training.Features.Values, _training.Labels, rows);
                _stepLosses.Add((float)(batchLoss / rows.Length));
                if (!(batchLoss / rows.Length < LossLimit)) throw Diverged(batchLoss / rows.Length);
                loss += batchLoss;
                correct += batchCorrect;
                _rule.Step(_model.Parameters, _model.Gradient, _options.LearningRate);
            }

            EndEpoch(epoch, loss / _order.Length, (double)correct / _order.Length, clock);
            progress?.Report(_epochs[^1]);
        }

        return Result(StopReason.Completed);
    }

    private void EndEpoch(int epoch, double loss, double accuracy, Stopwatch clock)
    {
        double? validationLoss = null, validationAccuracy = null;
        if (_validation is not null)
        {
            var (sum, correct) = _model.Evaluate(_validation.Features.Values, _validation.Labels);
            validationLoss = sum / _validation.Count;
            validationAccuracy = (double)correct / _validation.Count;
            // The last step of an epoch is judged by no later one, so it is judged here.
            if (!(validationLoss < LossLimit)) throw Diverged(validationLoss.Value);
        }
        else if (((ReadOnlySpan<float>)_model.Parameters).IndexOfNonFinite() >= 0)
        {
            throw Diverged(double.NaN);
        }

        var best = _bestEpoch is null || validationLoss is null || validationLoss < _epochs[_bestEpoch.Value - 1].ValidationLoss;
        _epochs.Add(new EpochMetrics(epoch, loss, accuracy, validationLoss, validationAccuracy, clock.Elapsed.TotalSeconds));
        if (!best) return;
        _bestEpoch = epoch;
        _model.Parameters.CopyTo(_best, 0);
    }

    /// <summary>Without a validation set, nothing says that older weights are better than the newest.</summary>
    private TrainedHead Cancelled()
    {
        if (_bestEpoch is null || _validation is null)
        {
            _bestEpoch = null;
            _model.Parameters.CopyTo(_best, 0);
        }

        return Result(StopReason.Cancelled);
    }

    private TrainingDivergedException Diverged(double loss) =>
        new(Throw.DivergedMessage(_stepLosses.Count, loss, _options.LearningRate), Result(StopReason.Diverged));

    private TrainedHead Result(StopReason reason)
    {
        var weights = _model.Dim * _model.ClassCount;
        var head = new SoftmaxHead(_best[..weights], _best[weights..], _model.Dim);
        return new TrainedHead(head, new TrainingHistory(_stepLosses, _epochs, _bestEpoch, reason));
    }
}
