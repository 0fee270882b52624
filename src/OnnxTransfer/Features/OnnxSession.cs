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
    // Null where the network takes its input in this process's memory.
    private readonly DeviceRunner? _device;
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
    /// <param name="settings">Where and how to run.</param>
    internal OnnxSession(byte[] graph, string model, string input, long[] imageShape, string output, int rowLength, SessionSettings settings)
    {
        _model = model;
        _inputNames = [input];
        _outputNames = [output];
        _imageShape = imageShape;
        RowLength = rowLength;
        (_session, Provider) = SessionFactory.Open(graph, model, settings with { CaptureGraph = false });
        try
        {
            FixedBatch = CheckInput(input);
            if (!_session.OutputMetadata.ContainsKey(output)) Throw.TensorNotFound(model, "output", output, _session.OutputMetadata.Keys);
            var here = settings with { Provider = Provider.Provider, CaptureGraph = false };
            if (DeviceRunner.IsFor(_session)) _device = new DeviceRunner(_session, here, imageShape);
            if (settings.CaptureGraph) (_session, _device, Provider) = Recording(graph, here);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the session really runs on.</summary>
    internal ExecutionProviderInfo Provider { get; }

    /// <summary>D, the length of one output row.</summary>
    internal int RowLength { get; }

    /// <summary>The batch size the graph insists on; null when it takes any.</summary>
    internal int? FixedBatch { get; }

    private int ImageLength => (int)(_imageShape[0] * _imageShape[1] * _imageShape[2]);

    /// <summary>Runs images through the network. A graph with a fixed batch axis is run as often as that takes.</summary>
    /// <param name="images"><c>[N,...]</c> prepared images, back to back.</param>
    /// <param name="count">N.</param>
    /// <param name="rows">Receives <c>[N,D]</c>, row-major.</param>
    /// <param name="size">The batch size to run at, the last batch filled up; null for all images at once.</param>
    internal void Run(Memory<float> images, int count, Span<float> rows, int? size = null)
    {
        var imageLength = ImageLength;
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

    /// <summary>Runs an empty batch where the first run is slower than the others: on all but the CPU.</summary>
    internal void WarmUp(int size)
    {
        if (Provider.Provider != ExecutionProvider.Cpu) Run(new float[size * ImageLength], size, new float[size * RowLength]);
    }

    public void Dispose()
    {
        _device?.Dispose();
        _session.Dispose();
        _runOptions.Dispose();
    }

    private void RunOnce(Memory<float> images, int batch, int wanted, Span<float> rows)
    {
        try
        {
            if (_device is not null)
            {
                Take(_device.Run(images, batch), rows);
                return;
            }

            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images, [batch, .. _imageShape]);
            using var outputs = _session.Run(_runOptions, _inputNames, [input], _outputNames);
            // The span is ONNX Runtime's own memory, valid until the outputs are disposed at the end of this block.
            Take(outputs[0].GetTensorDataAsSpan<float>(), rows);
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or NotSupportedException)
        {
            throw Throw.RunFailed(_model, exception);
        }

        void Take(ReadOnlySpan<float> values, Span<float> rows)
        {
            if (values.Length != batch * RowLength) Throw.OutputHasWrongLength(_model, _outputNames[0], batch, RowLength, values.Length);
            values[..(wanted * RowLength)].CopyTo(rows);
        }
    }

    /// <summary>
    /// The network opened once more, its work recorded, once a trial has shown that what is replayed is right; else the one that is
    /// open, and why.
    /// </summary>
    private (InferenceSession Session, DeviceRunner? Device, ExecutionProviderInfo Provider) Recording(byte[] graph, SessionSettings here)
    {
        if (_device is null || !DeviceProvider.Of(here.Provider).CanCaptureGraph) return Not("its provider cannot record any.");
        InferenceSession? session = null;
        DeviceRunner? device = null;
        try
        {
            (session, _) = SessionFactory.Open(graph, _model, here with { CaptureGraph = true });
            device = new DeviceRunner(session, here with { CaptureGraph = true }, _imageShape);
            device.Prepare(FixedBatch ?? 1);
        }
        catch (Exception exception) when (exception is Backbones.ModelException or OnnxRuntimeException or NotSupportedException)
        {
            device?.Dispose();
            session?.Dispose();
            return Not(Throw.OneLine(exception.Message));
        }

        _device.Dispose();
        _session.Dispose();
        return (session, device, Provider with { Reason = $"{Provider.Reason} Its work is recorded once for each batch size and replayed." });

        (InferenceSession, DeviceRunner?, ExecutionProviderInfo) Not(string why) =>
            (_session, _device, Provider with { Reason = $"{Provider.Reason} Its work is not recorded: {why}" });
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
