using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>A tensor in a test: float32 values and their shape.</summary>
internal sealed record Values(float[] Data, params long[] Shape)
{
    /// <summary>Values in [-1, 1) that depend on the seed alone.</summary>
    public static Values Random(int seed, params long[] shape)
    {
        var random = new Random(seed);
        var data = new float[shape.Aggregate(1L, (product, side) => product * side)];
        for (var i = 0; i < data.Length; i++) data[i] = (random.NextSingle() * 2) - 1;
        return new Values(data, shape);
    }

    public void AssertClose(Values other, double tolerance)
    {
        Assert.Equal(Shape, other.Shape);
        var largest = Math.Max(1, Data.Max(Math.Abs));
        for (var i = 0; i < Data.Length; i++)
        {
            if (!(Math.Abs(Data[i] - other.Data[i]) <= tolerance * largest))
                Assert.Fail($"element {i} of {Data.Length}: {Data[i]:R} and {other.Data[i]:R} differ by more than {tolerance} of the largest, {largest}");
        }
    }
}

/// <summary>Runs a model in ONNX Runtime on the CPU.</summary>
internal static class GraphRunner
{
    public static Dictionary<string, Values> Run(OnnxModel model, params (string Name, Values Values)[] inputs) =>
        Run(model, [.. inputs.Select(i => i.Name)], [.. inputs.Select(i => OrtValue.CreateTensorValueFromMemory(i.Values.Data, i.Values.Shape))]);

    /// <summary>Runs a model whose input is pixels.</summary>
    public static Dictionary<string, Values> Run(OnnxModel model, string input, byte[] pixels, params long[] shape) =>
        Run(model, [input], [OrtValue.CreateTensorValueFromMemory(pixels, shape)]);

    private static Dictionary<string, Values> Run(OnnxModel model, string[] names, List<OrtValue> tensors)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using var session = new InferenceSession(model.ToBytes(), options);
        using var run = new RunOptions();
        try
        {
            using var outputs = session.Run(run, names, tensors, [.. session.OutputNames]);
            return session.OutputNames.Zip(outputs).ToDictionary(
                pair => pair.First,
                pair => new Values(pair.Second.GetTensorDataAsSpan<float>().ToArray(), pair.Second.GetTensorTypeAndShape().Shape));
        }
        finally
        {
            tensors.ForEach(t => t.Dispose());
        }
    }
}
