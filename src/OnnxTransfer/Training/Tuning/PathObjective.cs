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
    private readonly double[] _losses;
    private readonly bool[] _correct;

    /// <param name="heads">P heads.</param>
    /// <param name="foldOfRow"><c>[N]</c>.</param>
    /// <param name="classCount">C.</param>
    internal PathObjective(IReadOnlyList<PathHead> heads, int[] foldOfRow, int classCount)
        : base(OutputKind.Softmax)
    {
        (_heads, _foldOfRow, _classCount) = (heads, foldOfRow, classCount);
        _losses = new double[(long)heads.Count * foldOfRow.Length];
        _correct = new bool[_losses.Length];
    }

    internal override double RowLoss<T>(LabeledFeatures data, int n, Span<T> logits, double scale, bool withClassWeights, out double correct)
    {
        correct = 0;
        for (var p = 0; p < _heads.Count; p++)
        {
            var own = logits.Slice(p * _classCount, _classCount);
            var isHeld = _foldOfRow[n] == _heads[p].Fold;
            var factor = isHeld ? 0 : data.WeightOf(n) / _heads[p].RowCount;
            var loss = LossKernels.SoftmaxCrossEntropy(own, data.Labels[n], 0, factor, out var right);
            // Each row is one thread's, and each place one row's: no sum is shared.
            _losses[p * _foldOfRow.Length + n] = loss;
            _correct[p * _foldOfRow.Length + n] = right;
        }

        return 0;
    }

    /// <summary>The mean losses of a head over its training rows and over its fold, and its accuracy on the fold.</summary>
    internal FoldScore Score(LabeledFeatures data, int head)
    {
        double training = 0, held = 0;
        var right = 0;
        var fold = _heads[head].Fold;
        for (var n = 0; n < _foldOfRow.Length; n++)
        {
            var loss = _losses[head * _foldOfRow.Length + n];
            if (_foldOfRow[n] != fold)
            {
                training += loss * data.WeightOf(n);
                continue;
            }

            held += loss;
            if (_correct[head * _foldOfRow.Length + n]) right++;
        }

        var count = _foldOfRow.Length - _heads[head].RowCount;
        return new FoldScore(training / _heads[head].RowCount, held / count, (double)right / count);
    }
}

/// <summary>How a head does on the rows it learns from and on those held out.</summary>
internal readonly record struct FoldScore(double TrainingLoss, double Loss, double Accuracy);
