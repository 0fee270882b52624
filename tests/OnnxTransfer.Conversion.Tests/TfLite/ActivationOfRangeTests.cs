using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>Files of TensorFlow 1, whose activations stand only in the ranges of the quantized results.</summary>
public sealed class ActivationOfRangeTests
{
    private const string Toco = "cases/models/toco_quant_mobilenet_v1_0.25_128.tflite";

    /// <summary>A convolution that states no activation, and whose result's bytes begin at zero or below; a second one reads it.</summary>
    private static byte[] Pair(TfLiteType type, bool fromZero)
    {
        var b = new TfLiteBuilder();
        var least = type == TfLiteType.Int8 ? -128 : 0;
        int x = b.Tensor("x", [1, 6, 5, 3], type, 6f / 255, least + 128), c = b.Tensor("c", [1, 6, 5, 4], type, 2f / 255, fromZero ? least : least + 100), y = b.Tensor("y", [1, 6, 5, 2], type, 0.1f, least + 128);
        b.Op(TfLiteOp.Conv2D, [x, Weights("w1", 4, 3), b.Constant("b1", [4], [100, -200, 50, 0], [6f / 255 * 0.01f], 0)], c, new FlatNode { [1] = 1, [2] = 1 });
        b.Op(TfLiteOp.Conv2D, [c, Weights("w2", 2, 4), -1], y, new FlatNode { [1] = 1, [2] = 1 });
        return b.Build([x], y, c);

        int Weights(string name, int count, int depth)
        {
            var values = new byte[count * 9 * depth];
            new Random(count).NextBytes(values);
            return type == TfLiteType.UInt8 ? b.Constant(name, [count, 3, 3, depth], values, [0.01f], [128], 0) : b.Constant(name, [count, 3, 3, depth], [.. values.Select(v => (sbyte)v)], [0.01f], [0], 0);
        }
    }

    [Theory]
    [InlineData(TfLiteType.UInt8)]
    [InlineData(TfLiteType.Int8)]
    internal void ARangeFromZeroIsAnActivationAndAMeasuredRangeIsNone(TfLiteType type)
    {
        var model = Conversion.AssertSame(Pair(type, fromZero: true), new TfLiteOptions());
        Assert.Single(model.Graph.Node, n => n.OpType == "Clip");

        Assert.DoesNotContain(Conversion.AssertSame(Pair(type, fromZero: false), new TfLiteOptions()).Graph.Node, n => n.OpType == "Clip");
    }

    /// <summary>With the tensor as an output its values are needed exactly; between two integer layers the rounding ends at the same places.</summary>
    [Theory]
    [InlineData(TfLiteType.UInt8)]
    [InlineData(TfLiteType.Int8)]
    internal void KeptQuantisedTheClipIsThereOrImplied(TfLiteType type)
    {
        var file = Pair(type, fromZero: true);
        var image = Values.Random(3, 2, 3, 6, 5);
        foreach (string[] outputs in new string[][] { ["y", "c"], ["y"] })
        {
            var options = new TfLiteOptions { Outputs = outputs };
            var exact = GraphRunner.Run(TfLiteConverter.ToModel(file, options, "pair"), ("x", image));
            var model = TfLiteConverter.ToModel(file, options with { KeepQuantized = true, FloatShare = 0 }, "pair");
            var kept = GraphRunner.Run(model, ("x", image));

            Assert.Equal(outputs.Length - 1, model.Graph.Node.Count(n => n.OpType == "Clip"));
            // The first layer's input is rounded to 6/255, the second's to 2/255; 27 and 36 products of up to 1.28 add up.
            exact["y"].AssertClose(kept["y"], 36 * 1.28 * 2 / 255);
            if (outputs.Contains("c")) Assert.InRange(kept["c"].Data.Min(), 0, 0);
        }
    }

    /// <summary>Features and scores of 20 photos, against the interpreter, which saturates each result where its bytes end.</summary>
    [SharedFact(Toco)]
    public void TwentyPhotosHaveTheFeaturesAndTheClassOfTheInterpreter()
    {
        var file = File.ReadAllBytes(Repository.SharedPath(Toco));
        var source = TfLiteModel.Parse(file, Toco);
        var (pooled, scored) = (source.Operators.Single(o => o.Code == TfLiteOp.AveragePool2D).Outputs[0], source.Outputs[0]);
        var names = new TfLiteNames(source);
        var model = TfLiteConverter.ToModel(file, new TfLiteOptions { InputLayout = TensorLayout.Nhwc, Outputs = [names[pooled], names[scored]] }, Toco);
        var photos = Directory.EnumerateFiles(Repository.SharedPath("data"), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var preprocessor = new ImagePreprocessor(PreprocessSpec.Named("tf", 128), TensorLayout.Nhwc);
        foreach (var photo in Enumerable.Range(0, 20).Select(i => photos[i * photos.Count / 20]))
        {
            var values = new float[128 * 128 * 3];
            preprocessor.Prepare(photo, values);
            var expected = Interpreter.Run(source, new Dictionary<int, Real> { [source.Inputs[0]] = new Real([.. values.Select(v => (double)v)], [1, 128, 128, 3]) });
            var computed = GraphRunner.Run(model, (model.Inputs[0].Name, new Values(values, 1, 128, 128, 3)));

            var (features, scores) = (computed[names[pooled]].Data, computed[names[scored]].Data);
            for (var i = 0; i < features.Length; i++) Assert.Equal(expected[pooled]!.Data[i], features[i], 1e-3);
            Assert.Equal(Array.IndexOf(expected[scored]!.Data, expected[scored]!.Data.Max()), Array.IndexOf(scores, scores.Max()));
        }
    }

    /// <summary>
    /// The reference scored the cat at 0.61. That is Pillow's bilinear resize, which averages what it shrinks; TensorFlow's resize, which is
    /// that of the preset tf, looks at four pixels and gives 0.654. The other resizes of the field give 0.58 (Pillow's box) to 0.68 (nearest).
    /// </summary>
    [SharedTheory(Toco)]
    [InlineData(ResizeFilter.PillowBilinear, 0.6105, false)]
    [InlineData(ResizeFilter.TensorFlowBilinear, 0.6540, false)]
    [InlineData(ResizeFilter.PillowNearest, 0.6796, false)]
    [InlineData(ResizeFilter.PillowBilinear, 0.6105, true)]
    [InlineData(ResizeFilter.TensorFlowBilinear, 0.6540, true)]
    public void ACatIsACat(ResizeFilter filter, double score, bool keepQuantized)
    {
        var options = new TfLiteOptions { InputLayout = TensorLayout.Nhwc, KeepQuantized = keepQuantized };
        var file = File.ReadAllBytes(Repository.SharedPath(Toco));
        var (model, source) = (TfLiteConverter.ToModel(file, options, Toco), TfLiteModel.Parse(file, Toco));
        using var pixels = ImageDecoders.Default.Decode(File.ReadAllBytes(Repository.SharedPath("cases", "models", "cat224.png")));
        var values = new float[128 * 128 * 3];
        new ImagePreprocessor(PreprocessSpec.Named("tf", 128) with { Filter = filter }, TensorLayout.Nhwc).Prepare(pixels, values);

        var scores = GraphRunner.Run(model, (model.Inputs[0].Name, new Values(values, 1, 128, 128, 3))).Values.First().Data;
        var expected = Interpreter.Run(source, new Dictionary<int, Real> { [source.Inputs[0]] = new Real([.. values.Select(v => (double)v)], [1, 128, 128, 3]) })[source.Outputs[0]]!.Data;

        Assert.Equal(286, Array.IndexOf(scores, scores.Max()));
        Assert.Equal(score, expected[286], 5e-4);
        // Activations of 0 to 6 round to 255 steps, in 27 layers one after another.
        Assert.Equal(expected[286], scores[286], keepQuantized ? 0.04 : 5e-4);
    }
}
