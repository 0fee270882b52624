using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.TfLite;

public sealed class QuantizationTests
{
    private const string PerChannel = "models/mobilenet_v2_1.0_224_ptq.tflite";
    private const string PerTensor = "models/mobilenet_v2_1.0_224_quant.tflite";
    /// <summary>Of 113; 97 in a hundred are 110.</summary>
    private const int LeastAgreeing = 110;

    private const string Reference = "models/mobilenet_v2_imagenet.onnx";

    private static readonly PreprocessSpec s_toMinusOneToOne = new()
    {
        Filter = ResizeFilter.PillowBilinear,
        Resize = Resize.Stretch(224, 224),
        Mean = [0.5, 0.5, 0.5],
        Std = [0.5, 0.5, 0.5],
    };

    /// <summary>A quantized image, a convolution and depthwise convolution per channel, an addition, and a mean.</summary>
    private static byte[] Small(bool perChannel, bool fromZero)
    {
        var (b, random) = (new TfLiteBuilder(), new Random(11));
        var type = fromZero ? TfLiteType.UInt8 : TfLiteType.Int8;
        var zero = fromZero ? 0 : -128;
        int x = b.Tensor("image", [1, 7, 6, 3], TfLiteType.UInt8, 6f / 255, 128), q = b.Tensor("q", [1, 7, 6, 3], type, 6f / 255, zero + 128);
        int c = b.Tensor("c", [1, 7, 6, 4], type, 6f / 255, zero), d = b.Tensor("d", [1, 7, 6, 4], type, 0.05f, zero + 100);
        int s = b.Tensor("s", [1, 7, 6, 4], type, 0.06f, zero + 60), m = b.Tensor("m", [1, 4], type, 0.02f, zero + 60);
        float[] scales = perChannel ? [0.001f, 0.002f, 0.0015f, 0.003f] : [0.002f];
        b.Op(TfLiteOp.Quantize, [x], q);
        b.Op(TfLiteOp.Conv2D, [q, Weights(b, "w1", [4, 3, 3, 3], 0), b.Constant("b1", [4], [1000, -2000, 6000, 500], [.. scales.Select(v => v * 6 / 255)], 0)], c, new FlatNode { [1] = 1, [2] = 1, [3] = (byte)3 });
        b.Op(TfLiteOp.DepthwiseConv2D, [c, Weights(b, "w2", [1, 3, 3, 4], 3), -1], d, new FlatNode { [1] = 1, [2] = 1, [3] = 1 });
        b.Op(TfLiteOp.Add, [c, d], s, []);
        b.Op(TfLiteOp.Mean, [s, b.Constant("axes", 1, 2)], m, new FlatNode { [0] = false });
        return b.Build([x], m, s);

        int Weights(TfLiteBuilder builder, string name, int[] shape, int axis)
        {
            var values = new byte[shape.Aggregate(1, (p, side) => p * side)];
            random.NextBytes(values);
            return fromZero
                ? builder.Constant(name, shape, values, scales, [.. scales.Select((_, i) => 120L + i)], axis)
                : builder.Constant(name, shape, [.. values.Select(v => (sbyte)v)], scales, [.. scales.Select(_ => 0L)], axis);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void DequantisedModelsComputeWithTheRealValues(bool perChannel, bool fromZero) => Conversion.AssertSame(Small(perChannel, fromZero), new TfLiteOptions());

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void KeptQuantizationIsWithinItsStepsOfTheRealValues(bool perChannel, bool fromZero)
    {
        var file = Small(perChannel, fromZero);
        var image = Values.Random(3, 2, 3, 7, 6);
        var exact = GraphRunner.Run(TfLiteConverter.ToModel(file, new TfLiteOptions(), "small"), ("image", image));

        var model = TfLiteConverter.ToModel(file, new TfLiteOptions { KeepQuantized = true }, "small");
        var kept = GraphRunner.Run(model, ("image", image));

        // A mean over 42 pixels hides most roundings; itself it is not rounded to its stored step of 0.02.
        exact["m"].AssertClose(kept["m"], 0.03);
        Assert.Contains(kept["m"].Data, v => Math.Abs(Math.Round(v / 0.02) - (v / 0.02)) > 0.05);
        Assert.Contains(model.Graph.Initializer, i => i.DataType == (int)OnnxElementType.UInt8 && i.Dims.SequenceEqual([4L, 3, 3, 3]));
        // The sums of both convolutions go unrounded into the addition.
        Assert.Equal(2, model.Graph.Node.Count(n => n.OpType == "ConvInteger"));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0.8, 1)]
    [InlineData(1, 0)]
    public void TheFirstLayersUpToAShareOfTheMultiplicationsStayInFloat(double share, int rounded)
    {
        var options = new TfLiteOptions { KeepQuantized = true, FloatShare = share };
        var model = TfLiteConverter.ToModel(Small(perChannel: true, fromZero: false), options, "small");

        // Of 42 x 108 and 42 x 36 multiplications the first convolution has three quarters.
        Assert.Equal(rounded, model.Graph.Node.Count(n => n.OpType == "ConvInteger"));
        Assert.Equal(rounded, model.Graph.Node.Count(n => n.OpType == "QuantizeLinear"));
        Assert.Throws<ArgumentOutOfRangeException>(() => TfLiteConverter.ToModel(Small(true, false), options with { FloatShare = 1.5 }, "small"));
    }

    [Fact]
    public void ARoundingBetweenTwoIntegerLayersServesAsTheActivation()
    {
        // The stored range ends where relu6 does, so nothing is left to clip.
        var options = new TfLiteOptions { KeepQuantized = true, FloatShare = 0, Outputs = ["d"] };
        var model = TfLiteConverter.ToModel(Small(perChannel: true, fromZero: false), options, "small");
        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "Clip");
        Assert.Contains(model.Graph.Node, n => n.OpType == "Conv");
    }

    [SharedFact(PerChannel)]
    public void ARealModelEqualsTheSameWeightsConvertedElsewhere()
    {
        var options = new TfLiteOptions { InputLayout = TensorLayout.Nhwc };
        var model = TfLiteConverter.ToModel(File.ReadAllBytes(Repository.SharedPath(PerChannel)), options, PerChannel);
        var features = OnnxInspector.Inspect(model).Features!;
        Assert.Equal(1280, features.Dim);
        OnnxGraphEditor.Promote(model, features.Tensor);
        var image = GraceHopper();

        var computed = GraphRunner.Run(model, ("input", image));

        var expected = GraphRunner.Run(OnnxModel.Load(Repository.SharedPath(Reference)), ("input", image));
        (expected["features"] with { Shape = [1, 1280] }).AssertClose(computed[features.Tensor] with { Shape = [1, 1280] }, 1e-4);
        var probabilities = computed[model.Outputs[0].Name];
        expected["probabilities"].AssertClose(probabilities, 1e-4);
        Assert.Equal(653, Top(probabilities));
        Assert.InRange(probabilities.Data[653], 0.70, 0.74);
    }

    [SharedTheory(PerChannel)]
    [InlineData(PerChannel)]
    [InlineData(PerTensor)]
    public void ARealModelKeptQuantisedIsSmallAndAgrees(string file)
    {
        var bytes = File.ReadAllBytes(Repository.SharedPath(file));
        var options = new TfLiteOptions { InputLayout = TensorLayout.Nhwc };
        var real = TfLiteConverter.ToModel(bytes, options, file);
        var kept = TfLiteConverter.ToModel(bytes, options with { KeepQuantized = true }, file);

        Assert.InRange(kept.ToBytes().Length, 3_000_000, 4_500_000);
        var image = GraceHopper();
        var (one, other) = (GraphRunner.Run(real, ("input", image)).Values.First(), GraphRunner.Run(kept, ("input", image)).Values.First());
        Assert.Equal(653, Top(one));
        Assert.Equal(653, Top(other));
        Assert.Equal(1280, OnnxInspector.Inspect(kept).Features!.Dim);
    }

    /// <summary>Every eighth of the flowers, cats and dogs; `dotnet run ... -- quantized` of the benchmarks takes them all.</summary>
    [SharedFact(PerChannel)]
    public void KeptQuantisedTheAnswerIsThatOfTheRealNumbersForNearlyAllPhotos()
    {
        var bytes = File.ReadAllBytes(Repository.SharedPath(PerChannel));
        var options = new TfLiteOptions { InputLayout = TensorLayout.Nhwc };
        var (real, kept) = (TfLiteConverter.ToModel(bytes, options, PerChannel), TfLiteConverter.ToModel(bytes, options with { KeepQuantized = true }, PerChannel));
        string[] folders = [Repository.SharedPath("data", "flowers"), Repository.SharedPath("data", "cats_vs_dogs")];
        var photos = folders.SelectMany(f => Directory.EnumerateFiles(f, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal)).Where((_, i) => i % 8 == 0).ToList();
        var batches = photos.Chunk(19).Select(Images).ToList();

        var (ours, theirs) = (Answers(kept), Answers(real));

        Assert.Equal(113, photos.Count);
        Assert.InRange(ours.Zip(theirs).Count(pair => pair.First == pair.Second), LeastAgreeing, photos.Count);

        List<int> Answers(OnnxModel model) => [.. batches.SelectMany(b => GraphRunner.Run(model, ("input", b)).Values.First().Data.Chunk(1001)).Select(row => Array.IndexOf(row, row.Max()))];
    }

    private static Values Images(string[] photos)
    {
        var values = new float[photos.Length * 224 * 224 * 3];
        for (var i = 0; i < photos.Length; i++)
            new ImagePreprocessor(s_toMinusOneToOne, TensorLayout.Nhwc).Prepare(photos[i], values.AsMemory(i * 224 * 224 * 3, 224 * 224 * 3));
        return new Values(values, photos.Length, 224, 224, 3);
    }

    private static int Top(Values scores) => Array.IndexOf(scores.Data, scores.Data.Max());

    private static Values GraceHopper()
    {
        using var pixels = ImageDecoders.Default.Decode(File.ReadAllBytes(Repository.SharedPath("data", "grace_hopper.bmp")));
        var values = new float[224 * 224 * 3];
        new ImagePreprocessor(s_toMinusOneToOne, TensorLayout.Nhwc).Prepare(pixels, values);
        return new Values(values, 1, 224, 224, 3);
    }
}
