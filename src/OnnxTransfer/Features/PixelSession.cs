using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>
/// A saved classifier as any ONNX Runtime runs it: pixels <c>[N,H,W,3]</c> uint8 in, probabilities <c>[N,C]</c> out, on the CPU.
/// </summary>
internal sealed class PixelSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _model;
    private readonly string _output;

    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="model">What to call the model in messages.</param>
    /// <param name="output">The name of the output, one row per image.</param>
    internal PixelSession(byte[] graph, string model, string output)
    {
        (_model, _output) = (model, output);
        (_session, _) = SessionFactory.Open(graph, model, SessionSettings.OnCpu());
    }

    /// <summary>The output row of one image <c>[H,W,3]</c>.</summary>
    internal float[] Run(byte[] image, int height, int width)
    {
        var (input, metadata) = _session.InputMetadata.Single();
        // A graph with a fixed batch size wants all its places filled; what the empty ones give is dropped.
        var batch = Math.Max(metadata.Dimensions[0], 1);
        var pixels = new byte[batch * image.Length];
        image.CopyTo(pixels, 0);
        try
        {
            using var options = new RunOptions();
            using var value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, pixels.AsMemory(), [batch, height, width, 3]);
            using var outputs = _session.Run(options, [input], [value], [_output]);
            var values = outputs[0].GetTensorDataAsSpan<float>();
            return values[..(values.Length / batch)].ToArray();
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(_model, exception);
        }
    }

    public void Dispose() => _session.Dispose();
}
