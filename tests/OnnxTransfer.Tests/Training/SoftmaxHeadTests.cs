using FsCheck;
using FsCheck.Fluent;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Kernels;

namespace OnnxTransfer.Tests.Training;

public sealed class SoftmaxHeadTests
{
    [Fact]
    public void EqualsTheFormula()
    {
        var head = new SoftmaxHead(Matrix<float>.Build.DenseOfRowArrays([1f, -1f, 0.5f], [2f, 0f, -3f]), Vector<float>.Build.Dense([0.1f, 0.2f, 0.3f]));
        double[] logits = [0.7 * 1 + 0.2 * 2 + 0.1, 0.7 * -1 + 0.2, 0.7 * 0.5 + 0.2 * -3 + 0.3];
        var sum = logits.Sum(Math.Exp);
        var p = head.Probabilities([0.7f, 0.2f]);
        for (var c = 0; c < 3; c++) Assert.Equal(Math.Exp(logits[c]) / sum, p[c], 1e-7);
        Assert.Equal((2, 3), (head.Dim, head.ClassCount));
    }

    [Fact]
    public void RowsDoNotDependOnTheirBatch()
    {
        var (head, x) = (Random(37, 5), Gaussians.Make(1500, 37, 5, 2).Features);
        var all = head.Probabilities(x);
        for (var i = 0; i < x.RowCount; i++) Assert.Equal(head.Probabilities(x.Row(i)), all.Row(i).ToArray());
        var part = head.Probabilities(x.Select([700, 3]));
        Assert.Equal(all.Row(700), part.Row(0));
        Assert.Equal(all.Row(3), part.Row(1));
    }

    /// <summary>The ReLU of a hidden layer makes a 0 of a NaN, and so an answer.</summary>
    [Theory]
    [InlineData(float.NaN, 0)]
    [InlineData(float.NegativeInfinity, 0)]
    [InlineData(float.NaN, 4)]
    [InlineData(float.PositiveInfinity, 4)]
    public void WhatIsNoNumberHasNoProbabilities(float value, int hidden)
    {
        var head = HeadTrainer.Train(Gaussians.Make(60, 20, 3, 1), 3, new TrainingOptions { Epochs = 1, HiddenUnits = hidden == 0 ? [] : [hidden] }).Head;
        var features = new float[40];
        features[31] = value;
        Assert.Contains($"Feature 11 of row 1 is {value}", Assert.Throws<ArgumentException>(() => head.Probabilities(new FeatureMatrix(features, 2, 20))).Message, StringComparison.Ordinal);
        Assert.Contains($"Feature 11 of the vector is {value}", Assert.Throws<ArgumentException>(() => head.Probabilities(features.AsSpan(20))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RowMajorWeightsComeBackAsTheyWent()
    {
        var head = Random(11, 3);
        var layer = head.Layers[0];
        Assert.Equal((11, 3, Activation.Softmax), (layer.Inputs, layer.Outputs, layer.Activation));
        for (var d = 0; d < 11; d++)
        {
            for (var c = 0; c < 3; c++) Assert.Equal(head.Weights[d, c], layer.Weights[d * 3 + c]);
        }

        var again = ClassifierHead.FromLayers(head.Layers);
        var x = Gaussians.Make(9, 11, 3, 1).Features;
        Assert.Equal(head.Probabilities(x), again.Probabilities(x));
    }

    [Theory]
    [InlineData(3e38f)]
    [InlineData(-3e38f)]
    [InlineData(1e4f)]
    public void LargeLogitsStayFinite(float value)
    {
        var head = new SoftmaxHead(Matrix<float>.Build.DenseOfRowArrays([1f, 0f]), Vector<float>.Build.Dense(2));
        var p = head.Probabilities([value]);
        Assert.Equal(value > 0 ? [1f, 0f] : [0f, 1f], p);
    }

    [Fact]
    public void RowsSumToOne() => Check.QuickThrowOnFailure(Prop.ForAll<float[], NormalFloat>((logits, shift) =>
    {
        var row = logits.Where(float.IsFinite).Append((float)shift.Item % 1000).ToArray();
        LossKernels.Softmax<float>(row);
        return row.All(p => p is >= 0 and <= 1) && Math.Abs(row.Sum(p => (double)p) - 1) < 1e-5;
    }));

    [Fact]
    public void ExponentialIsRight()
    {
        for (var x = 0f; x > -110; x -= 0.0137f)
        {
            float[] row = [0f, x];
            LossKernels.Softmax<float>(row);
            var expected = Math.Exp(x) / (1 + Math.Exp(x));
            Assert.InRange(row[1], expected * (1 - 2e-7) - 2e-45, expected * (1 + 2e-7) + 2e-45);
        }
    }

    [Fact]
    public void WrongShapesAreRefused()
    {
        var head = Random(4, 2);
        Assert.Contains("3 dimensions, but this head was trained on 4", Assert.Throws<ArgumentException>(() => head.Probabilities([1f, 2f, 3f])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => head.Probabilities(new FeatureMatrix(new float[6], 2, 3)));
        Assert.Throws<InvalidDataException>(() => ClassifierHead.FromLayers([head.Layers[0] with { Activation = Activation.Relu }]));
        Assert.Throws<ArgumentException>(() => new SoftmaxHead(Matrix<float>.Build.Dense(4, 3), Vector<float>.Build.Dense(2)));
        Assert.Throws<ArgumentException>(() => new SoftmaxHead(Matrix<float>.Build.Dense(4, 1), Vector<float>.Build.Dense(1)));
    }

    [Fact]
    public void TheOutputLayerIsWhatAHeadIsMadeFrom()
    {
        var made = Random(4, 3);
        var (weights, bias) = made.OutputLayer();
        Assert.Equal(made.Weights, weights);
        Assert.Equal(made.Bias, bias);
        float[] row = [0.1f, -2, 3, 0.5f];
        Assert.Equal(made.Probabilities(row), ClassifierHead.FromWeights(weights, bias).Probabilities(row));
    }

    private static SoftmaxHead Random(int dim, int classCount)
    {
        var random = new SeededRandom(2, SeededRandom.Purpose.Weights);
        return new SoftmaxHead(Matrix<float>.Build.Dense(dim, classCount, (_, _) => random.NextSingle() - 0.5f), Vector<float>.Build.Dense(classCount, _ => random.NextSingle()));
    }
}
