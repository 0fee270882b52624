using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training;

/// <summary>
/// Dense layers in training: forward, loss, backward and update of one batch. Work is cut so that every number is summed
/// by one thread in one order: logits by rows or outputs, gradients of W by inputs. Hence the same bits on any number of
/// threads. Nothing is allocated in a step.
/// </summary>
internal sealed partial class Network<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Multiply-adds of a step below which waking other threads costs more than they bring.</summary>
    private const long WorkWorthThreads = 4_000_000;

    /// <summary>Blocks of rows that go forward and backward before the next ones: the gradient then finds them in the cache.</summary>
    private const int BlocksAtOnce = 64;

    private const int BlockOfSignals = DenseKernels.Rows * DenseKernels.Outputs;

    private readonly PackedLayer<T>[] _layers;
    private readonly AlignedArray<T>[] _inputs;
    private readonly AlignedArray<T>[] _signals;
    private readonly T[] _rowLogits;
    private readonly double[] _rowLoss;
    private readonly double[] _rowCorrect;
    private readonly Objective _objective;
    private readonly Penalty _penalty;
    private readonly Dropout _dropout;
    private readonly Standardization? _standardization;
    private readonly WorkerTeam _team;
    private readonly long _workPerRow;
    private readonly int _paddedOutputs;

    // The actions are made once, so that a step makes no closures; what they work on is in the fields below.
    private readonly Action<int> _pack, _forward, _activate, _loss, _inputGradient, _update;
    private readonly float[] _zeroRow;
    private LabeledFeatures _data = null!;
    private int[] _order = null!;
    private UpdateRule<T>[]? _rules;
    private int _start, _count, _rowBlocks, _from, _to, _tasks, _layer;
    private bool _training;
    private bool _withClassWeights;
    private bool _split;

    internal Network(NetworkShape shape, int maxRows, Objective objective, Penalty penalty, Dropout dropout, Standardization? standardization, WorkerTeam team)
    {
        (_objective, _penalty, _dropout, _standardization, _team) = (objective, penalty, dropout, standardization, team);
        _zeroRow = new float[shape.Dim];
        var maxBlocks = Blocks(maxRows);
        MaxRows = maxRows;
        _layers = [.. shape.Layers.Select(layer => new PackedLayer<T>(layer.Inputs, layer.Outputs))];
        _inputs = [.. _layers.Select(layer => new AlignedArray<T>(maxBlocks * InputBlock(layer)))];
        _signals = [.. _layers.Select(layer => new AlignedArray<T>(maxBlocks * layer.OutputBlocks * BlockOfSignals))];
        _inputGradients = [.. _layers.Select((layer, l) => new AlignedArray<T>(l == 0 ? 0 : maxBlocks * InputBlock(layer)))];
        _paddedOutputs = _layers[^1].OutputBlocks * DenseKernels.Outputs;
        _rowLogits = new T[maxBlocks * _paddedOutputs];
        _rowLoss = new double[maxRows];
        _rowCorrect = new double[maxRows];
        _workPerRow = _layers.Sum(layer => (long)layer.Inputs * layer.Outputs) * 2;
        (_pack, _forward, _activate, _loss, _inputGradient, _update) = (Pack, Forward, Activate, Loss, InputGradient, Update);
    }

    internal IReadOnlyList<PackedLayer<T>> Layers => _layers;

    internal int MaxRows { get; }

    internal void Initialize(int seed, bool glorotOutput = true)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.Weights);
        foreach (var layer in glorotOutput ? _layers : _layers[..^1]) layer.InitializeGlorot(random);
    }

    /// <summary>One batch forward: the summed loss (without penalties) and the number classified rightly.</summary>
    /// <param name="data">All rows.</param>
    /// <param name="order">Row numbers; the batch is <paramref name="count"/> of them from <paramref name="start"/>.</param>
    /// <param name="start">Where the batch begins in <paramref name="order"/>.</param>
    /// <param name="count">Rows of the batch, at most <see cref="MaxRows"/>.</param>
    /// <param name="withClassWeights">Whether the loss is that of the training, or that by which other rows are judged.</param>
    internal (double Loss, double Correct) Evaluate(LabeledFeatures data, int[] order, int start, int count, bool withClassWeights = true)
    {
        Begin(data, order, start, count, training: false);
        _withClassWeights = withClassWeights;
        return Batch(backward: false, sameBatch: false);
    }

    /// <summary>As <see cref="Evaluate"/>, and the layers' gradients become those of the batch's mean loss plus penalties.</summary>
    /// <param name="data">All rows.</param>
    /// <param name="order">Row numbers; the batch is <paramref name="count"/> of them from <paramref name="start"/>.</param>
    /// <param name="start">Where the batch begins in <paramref name="order"/>.</param>
    /// <param name="count">Rows of the batch, at most <see cref="MaxRows"/>.</param>
    /// <param name="sameBatch">The batch is that of the call before.</param>
    internal (double Loss, double Correct) LossAndGradient(LabeledFeatures data, int[] order, int start, int count, bool sameBatch = false)
    {
        Begin(data, order, start, count, training: true);
        _rules = null;
        return Batch(backward: true, sameBatch);
    }

    /// <summary>As <see cref="LossAndGradient"/>, and every layer is moved by its rule while its gradient is in the cache.</summary>
    internal (double Loss, double Correct) Step(LabeledFeatures data, int[] order, int start, int count, UpdateRule<T>[] rules, double learningRate)
    {
        Begin(data, order, start, count, training: true);
        _rules = rules;
        foreach (var rule in rules) rule.BeginStep(learningRate);
        return Batch(backward: true, sameBatch: false);
    }

    /// <summary>The penalties of all layers.</summary>
    internal double PenaltyOfWeights() => _layers.Sum(layer => _penalty.Of<T>(layer.Parameters.AsSpan(0, layer.WeightCount)));

    private static int Blocks(int rows) => (rows + DenseKernels.Rows - 1) / DenseKernels.Rows;

    private static int InputBlock(PackedLayer<T> layer) => layer.RowBlockVectors * Vector256<T>.Count;

    private void Begin(LabeledFeatures data, int[] order, int start, int count, bool training)
    {
        (_data, _order, _start, _count, _training) = (data, order, start, count, training);
        _withClassWeights = true;
        _rowBlocks = Blocks(count);
        _split = _team.Threads > 1 && _workPerRow * count >= WorkWorthThreads;
        if (training) _dropout.BeginStep();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (double Loss, double Correct) Batch(bool backward, bool sameBatch)
    {
        double loss = 0, correct = 0;
        for (_from = 0; _from < _rowBlocks; _from = _to)
        {
            _to = Math.Min(_from + BlocksAtOnce, _rowBlocks);
            if (!sameBatch) Run(_to - _from, _pack);
            Forward();
            for (var i = _from * DenseKernels.Rows; i < Math.Min(_count, _to * DenseKernels.Rows); i++)
            {
                loss += _rowLoss[i];
                correct += _rowCorrect[i];
            }

            // A loss that is no number has a gradient that is none; the weights stay what they were.
            if (backward && (_rules is null || double.IsFinite(loss))) Backward();
        }

        return (loss, correct);
    }

    private void Forward()
    {
        for (_layer = 0; _layer < _layers.Length; _layer++)
        {
            Run(Math.Max(_to - _from, _layers[_layer].OutputBlocks), _forward, tasksPerThread: 1);
            if (_layer < _layers.Length - 1) Run(_to - _from, _activate);
        }

        Run(_to - _from, _loss);
    }

    private void Backward()
    {
        for (_layer = _layers.Length - 1; _layer >= 0; _layer--)
        {
            // The signal to the layer before needs W as it was in the forward pass: first this, then the update.
            if (_layer > 0) Run(_to - _from, _inputGradient);
            Run(_layers[_layer].Panels, _update);
        }
    }

    private void Run(int parts, Action<int> action, int tasksPerThread = 4)
    {
        _tasks = _split ? Math.Min(parts, _team.Threads * tasksPerThread) : 1;
        if (_tasks == 1) action(0);
        else _team.Run(_tasks, action);
    }

    /// <summary>The share of a task in a number of parts.</summary>
    private (int From, int To) Share(int task, int parts) => ((int)((long)parts * task / _tasks), (int)((long)parts * (task + 1) / _tasks));

    private (int From, int To) ShareOfRows(int task)
    {
        var (from, to) = Share(task, _to - _from);
        return (_from + from, _from + to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Forward(int task)
    {
        var layer = _layers[_layer];
        var byRows = _to - _from >= layer.OutputBlocks;
        var (fromRow, toRow) = byRows ? ShareOfRows(task) : (_from, _to);
        var (fromOutput, toOutput) = byRows ? (0, layer.OutputBlocks) : Share(task, layer.OutputBlocks);
        layer.Forward(_inputs[_layer].AsSpan(), _signals[_layer].AsSpan(), _rowBlocks, fromRow..toRow, fromOutput..toOutput);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Update(int task)
    {
        var layer = _layers[_layer];
        var (from, to) = Share(task, layer.Panels);
        for (var panel = from; panel < to; panel++)
            layer.WeightGradient(_inputs[_layer].AsSpan(), _signals[_layer].AsSpan(), _rowBlocks, _from.._to, panel, _penalty, _rules?[_layer]);

        if (task != 0 || _to < _rowBlocks) return;
        layer.BiasGradient(_signals[_layer].AsSpan(), _rowBlocks);
        if (_rules is not null) layer.UpdateBias(_rules[_layer]);
    }
}
