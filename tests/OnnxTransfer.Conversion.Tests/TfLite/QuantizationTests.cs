using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Decoding;
using OnnxTransfer.Onnx;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Tests.Onnx;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Conversion.Tests.TfLite;

public sealed class QuantizationTests
{
    private const string PerChannel = "models/mobilenet_v2_1.0_224_ptq.tflite";
    private const string PerTensor = "models/mobilenet_v2_1.0_224_quant.tflite";
    private const string Reference = "models/mobilenet_v2_imagenet.onnx";

    private static readonly PreprocessSpec s_toMinusOneToOne = new()
    {
        Filter = ResizeFilter.PillowBilinear, Height = 224, Width = 224,
        Mean = [0.5, 0.5, 0.5],
        Std = [0.5, 0.5, 0.5],
    };

    /// <summary>A quantised image, a convolution and depthwise convolution per channel, an addition, and a mean.</summary>
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
    public void KeptQuantisationIsWithinItsStepsOfTheRealValues(bool perChannel, bool fromZero)
    {
        var file = Small(perChannel, fromZero);
        var image = Values.Random(3, 2, 3, 7, 6);
        var exact = GraphRunner.Run(TfLiteConverter.ToModel(file, new TfLiteOptions(), "small"), ("image", image));

        var model = TfLiteConverter.ToModel(file, new TfLiteOptions { KeepQuantized = true }, "small");
        var kept = GraphRunner.Run(model, ("image", image));

        // A mean over 42 pixels hides all roundings but the last, whose step is 0.02.
        exact["m"].AssertClose(kept["m"], 0.03);
        Assert.All(kept["m"].Data, v => Assert.Equal(Math.Round(v / 0.02), v / 0.02, 1e-3));
        Assert.Contains(model.Graph.Initializer, i => i.DataType == (int)OnnxElementType.UInt8 && i.Dims.SequenceEqual([4L, 3, 3, 3]));
        // The stored range ends where relu6 does, so nothing is left to clip.
        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "Clip");
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
    }

    private static int Top(Values scores) => Array.IndexOf(scores.Data, scores.Data.Max());

    private static Values GraceHopper()
    {
        using var pixels = ImageDecoders.Default.Decode(File.ReadAllBytes(Repository.SharedPath("data", "grace_hopper.bmp")));
        var values = new float[224 * 224 * 3];
        ImagePreprocessor.Prepare(pixels, s_toMinusOneToOne, TensorLayout.Nhwc, values);
        return new Values(values, 1, 224, 224, 3);
    }
}
