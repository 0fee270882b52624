using System.Diagnostics;
using OnnxTransfer.Internals;
using OnnxTransfer.Training.Kernels;
using OnnxTransfer.Training.Optimizers;

namespace OnnxTransfer.Training;

/// <summary>A network with what the options say of it, and the way from its packed parameters to a head.</summary>
internal sealed class TrainingModel
{
    /// <summary>Rows that are evaluated at a time.</summary>
    private const int EvaluationRows = 256;

    private readonly Standardization? _standardization;
    private readonly OutputKind _kind;
    private GradientSum? _gradient;

    private TrainingModel(Network<float> network, Standardization? standardization, OutputKind kind) =>
        (Network, _standardization, _kind) = (network, standardization, kind);

    internal Network<float> Network { get; }

    /// <summary>Whether the first weights are those of a trained head.</summary>
    internal bool HasStart { get; private init; }

    internal static TrainingModel Create(TrainingRows training, int classCount, TrainingOptions options, WorkerTeam team, ClassifierHead? start = null)
    {
        var kind = training.LabelCount > 0 ? OutputKind.MultiLabel : options.Sigmoid ? OutputKind.Binary : OutputKind.Softmax;
        var objective = new Objective(kind, options.LabelSmoothing, ClassWeights(training, classCount, options));
        var shape = new NetworkShape(training.Dim, options.HiddenUnits, objective.OutputsFor(classCount));
        var batch = options.Optimizer.RowsPerStep(options, training);
        var standardization = options.Standardize ? Standardization.Of(training.Moments)
            // L-BFGS has coordinates of its own.
            : options.Center && options.Optimizer is StepOptimizer ? Standardization.Center(training.Moments)
            : null;
        var network = new Network<float>(
            shape, Math.Max(batch, EvaluationRows), objective, new Penalty(options.L2 ?? 0, options.L1), new Dropout(options.Dropout, options.Seed), standardization, team);
        network.Initialize(options.Seed, options.GlorotStart);
        if (start is not null) Load(network.Layers[0], start.Layers[0], kind, standardization);
        return new TrainingModel(network, standardization, kind) { HasStart = start is not null };
    }

    internal UpdateRule<float>[] CreateRules(StepOptimizer optimizer) =>
        [.. Network.Layers.Select(layer => optimizer.Rule<float>(layer.Parameters.Length))];

    /// <summary>Mean loss, without class weights, and accuracy of rows that are not trained on.</summary>
    internal (double Loss, double Accuracy) Evaluate(TrainingRows rows, bool withClassWeights = false)
    {
        double loss = 0, correct = 0;
        foreach (var (features, order, _) in rows.Pass())
        {
            for (var start = 0; start < order.Length; start += EvaluationRows)
            {
                var (batchLoss, batchCorrect) = Network.Evaluate(features, order, start, Math.Min(EvaluationRows, order.Length - start), withClassWeights);
                loss += batchLoss;
                correct += batchCorrect;
            }
        }

        return (loss / rows.Count, correct / rows.Count);
    }

    /// <summary>How good the head is as it is, before its first step.</summary>
    internal EpochMetrics MeasureStart(TrainingRows training, TrainingRows? validation)
    {
        var clock = Stopwatch.StartNew();
        var (loss, accuracy) = Evaluate(training, withClassWeights: true);
        (double? Loss, double? Accuracy) judged = validation is null ? (null, null) : Evaluate(validation);
        return new EpochMetrics(0, loss, accuracy, judged.Loss, judged.Accuracy, clock.Elapsed.TotalSeconds);
    }

    /// <summary>The sums of the loss and of the right answers over all rows; the layers' gradients become those of the mean loss plus penalties.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="sameRows">They are those of the call before.</param>
    internal (double Loss, double Correct) LossAndGradient(TrainingRows rows, bool sameRows)
    {
        if (rows.Whole is { } whole) return Network.LossAndGradient(whole.Rows, whole.Order, 0, whole.Order.Length, sameRows);
        double loss = 0, correct = 0;
        var gradient = _gradient ??= new GradientSum(Network.Layers);
        gradient.Clear();
        foreach (var (features, order, _) in rows.Pass())
        {
            for (var start = 0; start < order.Length; start += Network.MaxRows)
            {
                var count = Math.Min(Network.MaxRows, order.Length - start);
                var (batchLoss, batchCorrect) = Network.LossAndGradient(features, order, start, count);
                gradient.Add((double)count / rows.Count);
                loss += batchLoss;
                correct += batchCorrect;
            }
        }

        gradient.Store();
        return (loss, correct);
    }

    internal float[][] CopyParameters() => [.. Network.Layers.Select(layer => layer.Parameters.AsSpan().ToArray())];

    internal void CopyParametersTo(float[][] kept)
    {
        for (var l = 0; l < kept.Length; l++) Network.Layers[l].Parameters.AsSpan().CopyTo(kept[l]);
    }

    internal void SetParameters(float[][] kept)
    {
        for (var l = 0; l < kept.Length; l++) kept[l].CopyTo(Network.Layers[l].Parameters.AsSpan());
    }

    internal bool IsFinite() => Network.Layers.All(layer => ((ReadOnlySpan<float>)layer.Parameters.AsSpan()).IndexOfNonFinite() < 0);

    /// <summary>A head from parameters as <see cref="CopyParameters"/> gives them.</summary>
    internal ClassifierHead ToHead(float[][] parameters)
    {
        var layers = Network.Layers.Select((layer, l) => Unpack(layer, parameters[l], l == parameters.Length - 1 ? Output : Activation.Relu)).ToArray();
        if (_standardization is not null) layers[0] = _standardization.FoldInto(layers[0]);
        if (_kind == OutputKind.Binary) layers[^1] = layers[^1].AsTwoClasses();
        return ClassifierHead.FromLayers(layers);
    }

    private Activation Output => _kind == OutputKind.Softmax ? Activation.Softmax : Activation.Sigmoid;

    private static DenseLayer Unpack(PackedLayer<float> layer, float[] parameters, Activation activation)
    {
        var weights = new float[layer.Inputs * layer.Outputs];
        for (var d = 0; d < layer.Inputs; d++)
        {
            for (var c = 0; c < layer.Outputs; c++) weights[d * layer.Outputs + c] = parameters[layer.WeightIndex(d, c)];
        }

        return new DenseLayer(layer.Inputs, layer.Outputs, weights, parameters.AsSpan(layer.WeightCount, layer.Outputs).ToArray(), activation);
    }

    /// <summary>
    /// Sets the parameters of a linear network to those of a head on plain features: the reverse of <see cref="ToHead"/>. A feature that never
    /// varies has no weight of its own; its part goes into the bias.
    /// </summary>
    private static void Load(PackedLayer<float> layer, DenseLayer head, OutputKind kind, Standardization? standardization)
    {
        for (var c = 0; c < layer.Outputs; c++)
        {
            var bias = (double)Value(head.Bias, 0, c);
            for (var d = 0; d < layer.Inputs; d++)
            {
                var weight = Value(head.Weights, d * head.Outputs, c);
                if (standardization is { } given)
                {
                    bias += (double)given.Mean[d] * weight;
                    weight = given.Scale[d] == 0 ? 0 : weight / given.Scale[d];
                }

                layer.Parameters[layer.WeightIndex(d, c)] = weight;
            }

            layer.Parameters[layer.BiasIndex(c)] = (float)bias;
        }

        // The one output of a sigmoid is the second logit less the first.
        float Value(float[] values, int start, int c) => kind == OutputKind.Binary ? values[start + 1] - values[start] : values[start + c];
    }

    private static double[]? ClassWeights(TrainingRows training, int classCount, TrainingOptions options) => options.BalanceClasses
        ? [.. training.RowsPerClass(classCount).Select(rows => (double)training.Count / (classCount * rows))]
        : options.ClassWeights?.ToArray();
}
