using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Conversion.Tests.TfLite;

/// <summary>Converts a model and holds the result in ONNX Runtime against the interpreter, tensor by tensor.</summary>
internal static class Conversion
{
    public const double Tolerance = 1e-4;

    /// <summary>Builds a model of one input and holds its conversion against the interpreter, on a batch of two.</summary>
    public static OnnxModel AssertSame(int[] inputShape, Func<TfLiteBuilder, int, int> build, TfLiteOptions? options = null)
    {
        var builder = new TfLiteBuilder();
        var x = builder.Tensor("x", inputShape);
        var y = build(builder, x);
        return AssertSame(builder.Build([x], y), options ?? new TfLiteOptions());
    }

    public static OnnxModel AssertSame(byte[] file, TfLiteOptions options)
    {
        var source = TfLiteModel.Parse(file, "test.tflite");
        var model = OnnxModel.Parse(TfLiteConverter.ToModel(file, options, "test.tflite").ToBytes());
        var names = new TfLiteNames(source);
        var shape = (int[])source.Tensors[source.Inputs[0]].Shape.Clone();
        if (shape.Length == 4) (shape[1], shape[2]) = (options.Height ?? shape[1], options.Width ?? shape[2]);
        Real[] images = [Random(1, shape), Random(2, shape)];

        var channelsLast = shape.Length != 4 || options.InputLayout == TensorLayout.Nhwc;
        var input = Joined(images, inNchw: !channelsLast);
        var computed = GraphRunner.Run(model, (model.Inputs[0].Name, input));
        var wanted = options.Outputs.Count == 0 ? source.Outputs : [.. options.Outputs.Select(names.Find)];
        var expected = images.Select(i => Interpreter.Run(source, new Dictionary<int, Real> { [source.Inputs[0]] = i }, wanted.Max())).ToArray();
        foreach (var output in wanted)
        {
            Real[] results = [.. expected.Select(e => e[output]!)];
            var actual = computed[names[output]];
            var inNchw = results[0].Shape.Length == 4 && !actual.Shape.Skip(1).SequenceEqual(results[0].Shape.Skip(1).Select(s => (long)s));
            Joined(results, inNchw).AssertClose(actual, Tolerance);
            Assert.Equal(actual.Shape.Skip(1), model.Outputs.Single(o => o.Name == names[output]).Dims!.Skip(1).Select(d => d.Size!.Value));
        }

        return model;
    }

    public static Real Random(int seed, params int[] shape) =>
        new([.. Values.Random(seed, [.. shape.Select(s => (long)s)]).Data.Select(v => 3.0 * v)], shape);

    private static Values Joined(Real[] images, bool inNchw)
    {
        var one = images[0].Shape;
        // NHWC -> NCHW
        var data = images.SelectMany(i => inNchw ? AxisOrder.Permute(i.Data, i.Shape, [0, 3, 1, 2]) : i.Data).Select(v => (float)v).ToArray();
        int[] shape = inNchw ? [one[0], one[3], one[1], one[2]] : one;
        return new Values(data, [shape[0] * images.Length, .. shape.Skip(1).Select(s => (long)s)]);
    }
}
