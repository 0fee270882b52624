using System.Collections.Concurrent;
using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>
/// One ONNX Runtime session that maps <c>[N,...]</c> images to <c>[N,D]</c> rows. Thread-safe: on the CPU many threads run at
/// once, on a device one after the other. A run that begins after the gate has closed is refused; whoever disposes a session that other
/// threads may be running closes the gate first.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly InferenceSession _session;
    // Null on the CPU.
    private readonly DeviceThread? _thread;
    // Null where tensors stay in this process's memory.
    private readonly DeviceRunner? _device;
    private readonly ExecutionProviderInfo _provider;
    private readonly RunOptions _runOptions;
    private readonly ConcurrentDictionary<int, bool> _warm = [];
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly long[] _imageShape;
    private readonly string _model;
    private readonly RunGate _runs;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="model">What to call the model in messages.</param>
    /// <param name="input">The name of the image input.</param>
    /// <param name="imageShape">The shape of one image in the input's layout, three numbers.</param>
    /// <param name="output">The name of the output, one row per image.</param>
    /// <param name="rowLength">D, the length of one row.</param>
    /// <param name="settings">Where and how to run.</param>
    /// <param name="runs">Where its runs are counted; null for a session that one method opens, runs and disposes.</param>
    internal OnnxSession(
        byte[] graph, string model, string input, long[] imageShape, string output, int rowLength, SessionSettings settings, RunGate? runs = null)
    {
        // Before the first type of ONNX Runtime, whose own error names no package.
        OnnxRuntimeLibrary.Require();
        _runOptions = new RunOptions();
        _model = model;
        _runs = runs ?? new RunGate(typeof(OnnxSession));
        _inputNames = [input];
        _outputNames = [output];
        _imageShape = imageShape;
        RowLength = rowLength;
        (_session, _provider) = SessionFactory.Open(graph, model, settings with { CaptureGraph = false });
        try
        {
            FixedBatch = CheckInput(input);
            if (!_session.OutputMetadata.ContainsKey(output)) Throw.TensorNotFound(model, "output", output, _session.OutputMetadata.Keys);
            if (_provider.Provider != ExecutionProvider.Cpu)
            {
                _thread = DeviceThread.Of(_provider.Provider, settings.DeviceId);
                if (TryOut(settings, out _device) is { } obstacle)
                {
                    var wanted = DeviceProvider.Of(_provider.Provider);
                    if (settings.Provider != ExecutionProvider.Auto) Throw.ProviderUnavailable(wanted.Title, obstacle);
                    _thread.Run(_session.Dispose);
                    _thread = null;
                    (_session, _) = SessionFactory.Open(graph, model, SessionSettings.OnCpu(settings.Threads));
                    _provider = SessionFactory.NotUsable(wanted, obstacle);
                }
            }

            if (settings.CaptureGraph) (_session, _device, _provider) = Recording(graph, settings);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the session really runs on.</summary>
    internal ExecutionProviderInfo Provider => _device?.Refusal is { } refusal ? _provider with { Reason = $"{_provider.Reason} But {refusal}" } : _provider;

    /// <summary>D, the length of one output row.</summary>
    internal int RowLength { get; }

    /// <summary>Cancelled when no further run is let in.</summary>
    internal CancellationToken Closing => _runs.Closing;

    /// <summary>Why no further run is let in; null as long as runs are.</summary>
    internal ObjectDisposedException? Refusal => _runs.IsClosed ? _runs.Refusal() : null;

    /// <summary>The batch size the graph insists on; null when it takes any.</summary>
    internal int? FixedBatch { get; }

    /// <summary>Whether the session is disposed.</summary>
    internal bool IsFreed { get; private set; }

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

    /// <summary>Makes a device ready for batches of a size, which takes as long as many runs; nothing on the CPU, or the second time.</summary>
    internal void WarmUp(int size)
    {
        if (_thread is null || !_warm.TryAdd(size, true)) return;
        try
        {
            if (_device is not null) Prepare(_device, FixedBatch ?? size);
            else Run(new float[size * ImageLength], size, new float[size * RowLength]);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(_model, exception);
        }
    }

    public void Dispose()
    {
        if (IsFreed) return;
        IsFreed = true;
        _device?.Dispose();
        if (_thread is null) _session.Dispose();
        else _thread.Run(_session.Dispose);
        _runOptions.Dispose();
    }

    private void Prepare(DeviceRunner device, int size)
    {
        using var run = _runs.Enter();
        device.Prepare(size);
    }

    private void RunOnce(Memory<float> images, int batch, int wanted, Span<float> rows)
    {
        float[] values;
        using var run = _runs.Enter();
        try
        {
            if (_device is not null) values = _device.Run(images, batch);
            else if (_thread is not null) values = _thread.Run(() => RunInThisMemory(images, batch));
            else values = RunInThisMemory(images, batch);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(_model, exception);
        }

        if (values.Length != batch * RowLength) Throw.OutputHasWrongLength(_model, _outputNames[0], batch, RowLength, values.Length);
        values.AsSpan(0, wanted * RowLength).CopyTo(rows);
    }

    private float[] RunInThisMemory(Memory<float> images, int batch)
    {
        using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, images, [batch, .. _imageShape]);
        using var outputs = _session.Run(_runOptions, _inputNames, [input], _outputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Runs an empty batch on the device: a session opens on many a device that then lacks a kernel or memory.</summary>
    /// <returns>Null when that worked, else why not.</returns>
    private string? TryOut(SessionSettings settings, out DeviceRunner? device)
    {
        device = null;
        var size = FixedBatch ?? 1;
        try
        {
            if (DeviceRunner.IsFor(_session, _provider.Provider)) device = new DeviceRunner(_session, settings with { Provider = _provider.Provider, CaptureGraph = false }, _imageShape);
            if (device is not null) device.Prepare(size);
            else _thread!.Run(() => RunInThisMemory(new float[size * ImageLength], size));
            _warm.TryAdd(size, true);
            return null;
        }
        catch (Exception exception) when (exception is OnnxRuntimeException or NotSupportedException)
        {
            device?.Dispose();
            device = null;
            return Throw.OneLine(exception.Message);
        }
    }

    /// <summary>
    /// The network opened once more, its work recorded, once a trial has shown that what is replayed is right; else the one that is
    /// open, and why.
    /// </summary>
    private (InferenceSession Session, DeviceRunner? Device, ExecutionProviderInfo Provider) Recording(byte[] graph, SessionSettings settings)
    {
        if (_device is null) return Not("only that of CUDA and WebGPU can be.");
        var here = settings with { Provider = _provider.Provider };
        var (session, obstacle) = SessionFactory.TryOpen(DeviceProvider.Of(here.Provider), graph, here);
        if (session is null) return Not(obstacle!);
        DeviceRunner? device = null;
        try
        {
            device = new DeviceRunner(session, here, _imageShape);
            device.Prepare(FixedBatch ?? 1);
        }
        catch (Exception exception)
        {
            device?.Dispose();
            _thread!.Run(session.Dispose);
            if (exception is not (OnnxRuntimeException or NotSupportedException)) throw;
            return Not(Throw.OneLine(exception.Message));
        }

        _device.Dispose();
        _thread!.Run(_session.Dispose);
        return (session, device, _provider with { Reason = $"{_provider.Reason} Its work is recorded once for each batch size and replayed." });

        (InferenceSession, DeviceRunner?, ExecutionProviderInfo) Not(string why) =>
            (_session, _device, _provider with { Reason = $"{_provider.Reason} Its work is not recorded: {why}" });
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
