using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Training.Tuning;

/// <summary>
/// The losses of several softmax heads side by side, each C of the outputs: a row's logits are those of the first head, then of the
/// second, and so on. A row of a head's own fold gives it no gradient; its loss and whether it is right are kept instead.
/// </summary>
internal sealed record PathObjective : Objective
{
    private readonly IReadOnlyList<PathHead> _heads;
    private readonly int[] _foldOfRow;
    private readonly int _classCount;
    private readonly int _rowsAtOnce;
    private readonly double[] _losses;
    private readonly bool[] _correct;
    private readonly FoldScore[] _sums;
    private long _first;
    private int _start;

    /// <param name="heads">P heads.</param>
    /// <param name="foldOfRow"><c>[N]</c>.</param>
    /// <param name="classCount">C.</param>
    /// <param name="rowsAtOnce">The largest batch.</param>
    internal PathObjective(IReadOnlyList<PathHead> heads, int[] foldOfRow, int classCount, int rowsAtOnce)
        : base(OutputKind.Softmax)
    {
        (_heads, _foldOfRow, _classCount, _rowsAtOnce) = (heads, foldOfRow, classCount, rowsAtOnce);
        _losses = new double[(long)heads.Count * rowsAtOnce];
        _correct = new bool[_losses.Length];
        _sums = new FoldScore[heads.Count];
    }

    /// <summary>A pass over all rows begins.</summary>
    internal void BeginPass() => Array.Clear(_sums);

    /// <summary>A batch begins.</summary>
    /// <param name="first">Rows before the window of the batch.</param>
    /// <param name="start">The batch's first row in the window.</param>
    internal void BeginBatch(long first, int start) => (_first, _start) = (first, start);

    internal override double RowLoss<T>(LabeledFeatures data, int n, Span<T> logits, double scale, bool withClassWeights, out double correct)
    {
        correct = 0;
        for (var p = 0; p < _heads.Count; p++)
        {
            var own = logits.Slice(p * _classCount, _classCount);
            var isHeld = _foldOfRow[_first + n] == _heads[p].Fold;
            var factor = isHeld ? 0 : data.WeightOf(n) / _heads[p].RowCount;
            var loss = LossKernels.SoftmaxCrossEntropy(own, data.Labels[n], 0, factor, out var right);
            // Each row is one thread's, and each place one row's: no sum is shared.
            _losses[p * _rowsAtOnce + n - _start] = loss;
            _correct[p * _rowsAtOnce + n - _start] = right;
        }

        return 0;
    }

    /// <summary>Adds what a head makes of the batch to its sums.</summary>
    /// <param name="data">The window.</param>
    /// <param name="count">Rows of the batch.</param>
    /// <param name="head">The head.</param>
    internal void EndBatch(LabeledFeatures data, int count, int head)
    {
        var (training, held, right) = _sums[head];
        var fold = _heads[head].Fold;
        for (var i = 0; i < count; i++)
        {
            var loss = _losses[head * _rowsAtOnce + i];
            if (_foldOfRow[_first + _start + i] != fold)
            {
                training += loss * data.WeightOf(_start + i);
                continue;
            }

            held += loss;
            if (_correct[head * _rowsAtOnce + i]) right++;
        }

        _sums[head] = new FoldScore(training, held, right);
    }

    /// <summary>The mean losses of a head over its training rows and over its fold, and its accuracy on the fold, after a pass.</summary>
    internal FoldScore Score(int head)
    {
        var (training, held, right) = _sums[head];
        var count = _foldOfRow.Length - _heads[head].RowCount;
        return new FoldScore(training / _heads[head].RowCount, held / count, right / count);
    }
}

/// <summary>How a head does on the rows it learns from and on those held out.</summary>
internal readonly record struct FoldScore(double TrainingLoss, double Loss, double Accuracy);
