namespace OnnxTransfer.Inference;

/// <summary>
/// A saved classifier as any ONNX Runtime runs it: pixels <c>[N,H,W,3]</c> uint8 in, probabilities <c>[N,C]</c> out, on the CPU.
/// </summary>
internal sealed class PixelSession : IDisposable
{
    private readonly NetworkRunner _runner;
    private readonly string _output;

    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="name">The name of the model in messages.</param>
    /// <param name="output">The name of the output, one row per image.</param>
    internal PixelSession(byte[] graph, string name, string output)
    {
        _output = output;
        (_runner, _) = SessionFactory.Open(graph, name, SessionSettings.OnCpu());
    }

    /// <summary>The output row of one image <c>[H,W,3]</c>.</summary>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal float[] Run(byte[] image, int height, int width)
    {
        var (input, metadata) = _runner.Session.InputMetadata.Single();
        // A graph with a fixed batch size needs all its places filled; the results of the empty places are dropped.
        var batch = Math.Max(metadata.Dimensions[0], 1);
        var pixels = new byte[batch * image.Length];
        image.CopyTo(pixels, 0);
        using var outputs = _runner.Run<byte>(input, pixels, [batch, height, width, 3], [_output]);
        var values = outputs.Floats(0);
        return values[..(values.Length / batch)].ToArray();
    }

    public void Dispose() => _runner.Dispose();
}
