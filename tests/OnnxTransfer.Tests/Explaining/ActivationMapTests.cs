using OnnxTransfer.Explaining;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Explaining;

public sealed class ActivationMapTests
{
    private const int Dim = 5;
    private const int Classes = 3;

    /// <summary>The law that makes it an explanation: the mean of the map and the bias are the class's score.</summary>
    [Theory]
    [InlineData("Nchw", "Softmax")]
    [InlineData("Nhwc", "Softmax")]
    [InlineData("Nhwc", "Sigmoid")]
    public void Its_mean_and_the_bias_are_the_score(string layout, string activation)
    {
        var (map, features, head) = Problem(Enum.Parse<TensorLayout>(layout), Enum.Parse<Activation>(activation));
        var average = ActivationMap.Average(features, map);
        var logits = Enumerable.Range(0, Classes).Select(c => Enumerable.Range(0, Dim).Sum(d => (double)average[d] * head.Weights[(d * Classes) + c]) + head.Bias[c]).ToArray();
        for (var c = 0; c < Classes; c++)
        {
            var isSoftmax = head.Activation == Activation.Softmax;
            var score = logits[c] - (isSoftmax ? logits.Average() : 0);
            var bias = head.Bias[c] - (isSoftmax ? head.Bias.Average() : 0);
            Assert.Equal(score, ActivationMap.Of(features, map, head, c).Average() + bias, 5);
        }
    }

    [Fact]
    public void Adding_the_same_to_every_class_changes_nothing_behind_a_softmax()
    {
        var (map, features, head) = Problem(TensorLayout.Nchw, Activation.Softmax);
        var shifted = head with { Weights = [.. head.Weights.Select((w, i) => w + (0.5f * (i / Classes)))] };
        var (one, other) = (ActivationMap.Of(features, map, head, 1), ActivationMap.Of(features, map, shifted, 1));
        for (var i = 0; i < one.Length; i++) Assert.Equal(one[i], other[i], 1e-4f);
    }

    [Fact]
    public void Both_layouts_give_the_same_map()
    {
        var (nchw, features, head) = Problem(TensorLayout.Nchw, Activation.Softmax);
        var turned = new float[features.Length];
        for (var p = 0; p < 6; p++)
            for (var d = 0; d < Dim; d++) turned[(p * Dim) + d] = features[(d * 6) + p];
        Assert.Equal(ActivationMap.Of(features, nchw, head, 2), ActivationMap.Of(turned, nchw with { Layout = TensorLayout.Nhwc }, head, 2));
    }

    private static (OnnxSpatialMap Map, float[] Features, DenseLayer Head) Problem(TensorLayout layout, Activation activation)
    {
        var random = new Random(3);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((2 * random.NextDouble()) - 1))];
        return (new OnnxSpatialMap("map", layout, Dim, 2, 3), Numbers(Dim * 6), new DenseLayer(Dim, Classes, Numbers(Dim * Classes), Numbers(Classes), activation));
    }
}
