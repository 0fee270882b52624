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
    private readonly TrainingRows _training;
    private readonly TrainingRows? _validation;
    private readonly TrainingOptions _options;
    private readonly UpdateRule<float>[] _rules;
    private readonly SeededRandom _random;
    private readonly int[] _drawn;
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
    private double _loss, _correct;
    private long _rows;

    internal TrainingLoop(TrainingModel model, TrainingRows training, TrainingOptions options, StepOptimizer optimizer, TrainingRows? validation)
    {
        (_model, _training, _options, _validation) = (model, training, options, validation);
        _rules = model.CreateRules(optimizer);
        _random = new SeededRandom(options.Seed, SeededRandom.Purpose.Order);
        _drawn = options.RandomBatchesPerEpoch is null ? [] : new int[options.BatchSize];
        _stepsPerEpoch = options.RandomBatchesPerEpoch ?? checked((int)((training.Count + options.BatchSize - 1) / options.BatchSize));
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
            var began = Stopwatch.GetTimestamp();
            (_loss, _correct, _rows) = (0, 0, 0);
            if (!(_options.RandomBatchesPerEpoch is null ? RunPass(cancellationToken) : RunDrawn(cancellationToken))) return Canceled();
            var loss = _loss / _rows;
            EndEpoch(epoch, loss, _correct / _rows, began);
            progress?.Report(_epochs[^1]);
            if (_epochs.Count - _bestEpoch >= _options.Patience) return Result(StopReason.EarlyStopped);
            if (_settling?.Add(loss, _model.Network.PenaltyOfWeights) == true) return Result(StopReason.Converged);
        }

        return Result(StopReason.Completed);
    }

    private int StepCount => (int)Math.Min(int.MaxValue, (long)_mostEpochs * _stepsPerEpoch);

    /// <summary>All rows once; false if the training is to end.</summary>
    private bool RunPass(CancellationToken cancellationToken)
    {
        foreach (var window in _training.Epoch(_random))
        {
            for (var start = 0; start < window.Order.Length; start += _options.BatchSize)
            {
                if (IsOver(cancellationToken)) return false;
                Step(window.Rows, window.Order, start, Math.Min(_options.BatchSize, window.Order.Length - start));
            }
        }

        return true;
    }

    /// <summary>Batches that are drawn with replacement; false if the training is to end.</summary>
    private bool RunDrawn(CancellationToken cancellationToken)
    {
        var rows = _training.Whole!.Value.Rows;
        for (var step = 0; step < _stepsPerEpoch; step++)
        {
            if (IsOver(cancellationToken)) return false;
            for (var i = 0; i < _drawn.Length; i++) _drawn[i] = _random.NextBelow(rows.Count);
            Step(rows, _drawn, 0, _drawn.Length);
        }

        return true;
    }

    private bool IsOver(CancellationToken cancellationToken) => cancellationToken.IsCancellationRequested && _stepLosses.Count > 0;

    private void Step(LabeledFeatures rows, int[] order, int start, int count)
    {
        var rate = _options.LearningRate * _options.Schedule.FactorAt(_stepLosses.Count, StepCount, _judged);
        var (loss, correct) = _model.Network.Step(rows, order, start, count, _rules, rate);
        _stepLosses.Add((float)(loss / count));
        _stepAccuracies.Add((float)correct / count);
        if (!(loss / count < LossLimit)) throw Diverged(loss / count);
        _loss += loss;
        _correct += correct;
        _rows += count;
    }

    private void EndEpoch(int epoch, double loss, double accuracy, long began)
    {
        double? validationLoss = null, validationAccuracy = null;
        if (_validation is not null) (validationLoss, validationAccuracy) = _model.Evaluate(_validation);
        // The last step of an epoch is judged by no later one, so it is judged here.
        if (validationLoss is not null ? !(validationLoss < LossLimit) : !_model.IsFinite()) throw Diverged(validationLoss ?? double.NaN);
        var best = _bestEpoch is null || validationLoss is null || validationLoss < _epochs[_bestEpoch.Value - 1].ValidationLoss;
        _epochs.Add(new EpochMetrics(epoch, loss, accuracy, validationLoss, validationAccuracy, Stopwatch.GetElapsedTime(began).TotalSeconds));
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
