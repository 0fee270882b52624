using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>
/// One ONNX Runtime session that maps <c>[N,...]</c> images to <c>[N,D]</c> rows. Thread-safe: ONNX Runtime runs one session
/// from many threads at once. No type of ONNX Runtime leaves this class.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly long[] _imageShape;
    private readonly string _model;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="model">What to call the model in messages.</param>
    /// <param name="input">The name of the image input.</param>
    /// <param name="imageShape">The shape of one image in the input's layout, three numbers.</param>
    /// <param name="output">The name of the output, one row per image.</param>
    /// <param name="rowLength">D, the length of one row.</param>
    /// <param name="provider">Where to run.</param>
    /// <param name="device">The device's number, from 0.</param>
    /// <param name="threads">Threads for one run on the CPU; 0 for one per core.</param>
    internal OnnxSession(
        byte[] graph, string model, string input, long[] imageShape, string output, int rowLength, ExecutionProvider provider, int device, int threads)
    {
        _model = model;
        _inputNames = [input];
        _outputNames = [output];
        _imageShape = imageShape;
        RowLength = rowLength;
        (_session, Provider) = SessionFactory.Open(graph, model, provider, device, threads);
        try
        {
            FixedBatch = CheckInput(input);
            if (!_session.OutputMetadata.ContainsKey(output)) Throw.TensorNotFound(model, "output", output, _session.OutputMetadata.Keys);
        }
        catch
        {
            _session.Dispose();
            throw;
        }
    }

    /// <summary>What the session really runs on.</summary>
    internal ExecutionProviderInfo Provider { get; }

    /// <summary>D, the length of one output row.</summary>
    internal int RowLength { get; }

    /// <summary>The batch size the graph insists on; null when it takes any.</summary>
    internal int? FixedBatch { get; }

    /// <summary>Runs images through the network. A graph with a fixed batch axis is run as often as that takes.</summary>
    /// <param name="images"><c>[N,...]</c> prepared images, back to back.</param>
    /// <param name="count">N.</param>
    /// <param name="rows">Receives <c>[N,D]</c>, row-major.</param>
    /// <param name="size">The batch size to run at, the last batch filled up; null for all images at once.</param>
    internal void Run(Memory<float> images, int count, Span<float> rows, int? size = null)
    {
        var imageLength = (int)(_imageShape[0] * _imageShape[1] * _imageShape[2]);
        var step = FixedBatch ?? size ?? Math.Max(count, 1);
        for (var done = 0; done < count; done += step)
        {
            var wanted = Math.Min(step, count - done);
            var slice = images.Slice(done * imageLength, wanted * imageLength);
            if (wanted < step)
            {
                // The last, short batch where all must have one size: padded with zeros, whose rows are dropped.
                var padded = new float[step * imageLength];
                slice.Span.CopyTo(padded);
                slice = padded;
            }

            RunOnce(slice, step, wanted, rows.Slice(done * RowLength, wanted * RowLength));
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _runOptions.Dispose();
    }

    private void RunOnce(Memory<float> images, int batch, int wanted, Span<float> rows)
    {
        try
        {
            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images, [batch, .. _imageShape]);
            using var outputs = _session.Run(_runOptions, _inputNames, [input], _outputNames);
            // The span is ONNX Runtime's own memory, valid until the outputs are disposed at the end of this block.
            var values = outputs[0].GetTensorDataAsSpan<float>();
            if (values.Length != batch * RowLength) Throw.OutputHasWrongLength(_model, _outputNames[0], batch, RowLength, values.Length);
            values[..(wanted * RowLength)].CopyTo(rows);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(_model, exception);
        }
    }

    private int? CheckInput(string input)
    {
        if (!_session.InputMetadata.TryGetValue(input, out var metadata)) Throw.TensorNotFound(_model, "input", input, _session.InputMetadata.Keys);
        if (metadata.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float)
        {
            Throw.InputNotFloat(_model, input, metadata.ElementDataType.ToString());
        }

        var dims = metadata.Dimensions;
        if (dims.Length != 4) Throw.InputNotAnImage(_model, input, dims);
        for (var axis = 1; axis < 4; axis++)
        {
            if (dims[axis] > 0 && dims[axis] != _imageShape[axis - 1]) Throw.InputHasOtherSize(_model, input, dims, _imageShape);
        }

        return dims[0] > 0 ? dims[0] : null;
    }
}
