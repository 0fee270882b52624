using System.Diagnostics;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training;

/// <summary>Runs the epochs of batches, and keeps the best weights.</summary>
internal sealed class TrainingLoop
{
    /// <summary>
    /// A cross-entropy no training comes back from: the right class' logit is a million below the largest. It catches
    /// a learning rate that throws the weights to 1e9 long before float32 overflows.
    /// </summary>
    internal const double LossLimit = 1e6;

    /// <summary>Steps whose history is made room for at the start, so that no step allocates; beyond, it grows by doubling.</summary>
    private const int LongestHistoryAtOnce = 1 << 20;

    private readonly TrainingModel _model;
    private readonly LabeledFeatures _training;
    private readonly LabeledFeatures? _validation;
    private readonly TrainingOptions _options;
    private readonly UpdateRule<float>[] _rules;
    private readonly SeededRandom _random;
    private readonly int[] _order;
    private readonly int _stepsPerEpoch;
    private readonly int _mostEpochs;
    private readonly Settling? _settling;
    private readonly float[][] _best;
    private readonly EpochMetrics _start;
    private readonly List<float> _stepLosses;
    private readonly List<float> _stepAccuracies;
    private readonly List<EpochMetrics> _epochs = [];
    private readonly List<double> _judged = [];
    private int? _bestEpoch;

    internal TrainingLoop(TrainingModel model, LabeledFeatures training, TrainingOptions options, StepOptimizer optimizer, LabeledFeatures? validation)
    {
        (_model, _training, _options, _validation) = (model, training, options, validation);
        _rules = model.CreateRules(optimizer);
        _random = new SeededRandom(options.Seed, SeededRandom.Purpose.Order);
        _order = options.RandomBatchesPerEpoch is null ? [.. Enumerable.Range(0, training.Count)] : new int[options.BatchSize];
        _stepsPerEpoch = options.RandomBatchesPerEpoch ?? (int)(((long)training.Count + options.BatchSize - 1) / options.BatchSize);
        _settling = options.Epochs is null ? new Settling(_stepsPerEpoch) : null;
        _mostEpochs = options.Epochs ?? _settling!.MostEpochs;
        _best = model.CopyParameters();
        _start = model.MeasureStart(training, validation);
        _stepLosses = new List<float>(Math.Min(StepCount, LongestHistoryAtOnce));
        _stepAccuracies = new List<float>(Math.Min(StepCount, LongestHistoryAtOnce));
    }

    internal TrainedHead Run(IProgress<EpochMetrics>? progress, CancellationToken cancellationToken)
    {
        for (var epoch = 1; epoch <= _mostEpochs; epoch++)
        {
            var clock = Stopwatch.StartNew();
            if (_options.RandomBatchesPerEpoch is null) _random.Shuffle(_order);
            double loss = 0, correct = 0;
            long rows = 0;
            for (var step = 0; step < _stepsPerEpoch; step++)
            {
                if (cancellationToken.IsCancellationRequested && _stepLosses.Count > 0) return Canceled();
                var (start, count) = NextBatch(step);
                var rate = _options.LearningRate * _options.Schedule.FactorAt(_stepLosses.Count, StepCount, _judged);
                var (batchLoss, batchCorrect) = _model.Network.Step(_training, _order, start, count, _rules, rate);
                _stepLosses.Add((float)(batchLoss / count));
                _stepAccuracies.Add((float)batchCorrect / count);
                if (!(batchLoss / count < LossLimit)) throw Diverged(batchLoss / count);
                loss += batchLoss;
                correct += batchCorrect;
                rows += count;
            }

            EndEpoch(epoch, loss / rows, correct / rows, clock);
            progress?.Report(_epochs[^1]);
            if (_epochs.Count - _bestEpoch >= _options.Patience) return Result(StopReason.EarlyStopped);
            if (_settling?.Add(loss / rows, _model.Network.PenaltyOfWeights) == true) return Result(StopReason.Converged);
        }

        return Result(StopReason.Completed);
    }

    private int StepCount => (int)Math.Min(int.MaxValue, (long)_mostEpochs * _stepsPerEpoch);

    private (int Start, int Count) NextBatch(int step)
    {
        if (_options.RandomBatchesPerEpoch is null)
        {
            var start = step * _options.BatchSize;
            return (start, Math.Min(_options.BatchSize, _order.Length - start));
        }

        for (var i = 0; i < _order.Length; i++) _order[i] = _random.NextBelow(_training.Count);
        return (0, _order.Length);
    }

    private void EndEpoch(int epoch, double loss, double accuracy, Stopwatch clock)
    {
        double? validationLoss = null, validationAccuracy = null;
        if (_validation is not null) (validationLoss, validationAccuracy) = _model.Evaluate(_validation);
        // The last step of an epoch is judged by no later one, so it is judged here.
        if (validationLoss is not null ? !(validationLoss < LossLimit) : !_model.IsFinite()) throw Diverged(validationLoss ?? double.NaN);
        var best = _bestEpoch is null || validationLoss is null || validationLoss < _epochs[_bestEpoch.Value - 1].ValidationLoss;
        _epochs.Add(new EpochMetrics(epoch, loss, accuracy, validationLoss, validationAccuracy, clock.Elapsed.TotalSeconds));
        _judged.Add(validationLoss ?? loss);
        if (!best) return;
        _bestEpoch = epoch;
        _model.CopyParametersTo(_best);
    }

    private TrainedHead Canceled()
    {
        // Without a validation set, nothing says that older weights are better than the newest.
        if (_bestEpoch is null || _validation is null)
        {
            _bestEpoch = null;
            _model.CopyParametersTo(_best);
        }

        return Result(StopReason.Canceled);
    }

    private TrainingDivergedException Diverged(double loss) =>
        new(Throw.DivergedMessage(_stepLosses.Count, loss, _options.LearningRate), Result(StopReason.Diverged));

    private TrainedHead Result(StopReason reason) => new(_model.ToHead(_best), new TrainingHistory(_start, _stepLosses, _stepAccuracies, _epochs, _bestEpoch, reason)
    {
        L2 = _options.L2 ?? 0,
        IsUnbounded = _validation is null && _epochs is [.., { TrainAccuracy: 1 }] && !TrainingChecks.LimitsWeights(_options),
    });
}
