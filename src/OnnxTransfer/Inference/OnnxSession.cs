using System.Collections.Concurrent;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Inference;

/// <summary>
/// One ONNX Runtime session that maps <c>[N,...]</c> images to <c>[N,D]</c> rows. Thread-safe: on the CPU many threads run at once, on
/// a device one after the other. A run that begins after the gate has closed is refused; code that disposes a session closes the gate
/// first if other threads may run the session.
/// </summary>
internal sealed class OnnxSession : IDisposable
{
    private readonly NetworkGraph _graph;
    private readonly NetworkRunner _runner;
    // Null on the CPU.
    private readonly DeviceThread? _thread;
    // Null where tensors stay in this process's memory.
    private readonly DeviceRunner? _device;
    private readonly ExecutionProviderInfo _provider;
    private readonly ConcurrentDictionary<int, bool> _warm = [];
    private readonly RunGate _runs;
    // On the CPU, runs at the same time: more than there are cores take no less time, but each takes memory for its layers, which ONNX Runtime keeps.
    private readonly SemaphoreSlim _places = new(Cores.Count(0));

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="settings">Where and how to run.</param>
    /// <param name="runs">Where its runs are counted; null for a session that one method opens, runs and disposes.</param>
    /// <exception cref="ModelException">The network cannot be loaded or takes no such images, or the provider that was asked for does not work.</exception>
    internal OnnxSession(NetworkGraph graph, SessionSettings settings, RunGate? runs = null)
    {
        // This runs before the first type of ONNX Runtime, because ONNX Runtime's own error names no package.
        OnnxRuntimeLibrary.Require();
        _graph = graph;
        _runs = runs ?? new RunGate(typeof(OnnxSession));
        var bytes = graph.ToBytes();
        var size = bytes.Length;
        (_runner, _provider) = SessionFactory.Open(bytes, graph.Name, settings with { CaptureGraph = false }, Configure);
        try
        {
            FixedBatch = CheckInput();
            if (!_runner.Session.OutputMetadata.ContainsKey(graph.Output)) Throw.TensorNotFound(graph.Name, "output", graph.Output, _runner.Session.OutputMetadata.Keys);
            if (_provider.Provider != ExecutionProvider.Cpu)
            {
                _thread = DeviceThread.Of(_provider.Provider, settings.DeviceId);
                (_device, var obstacle) = TryOut(settings with { Provider = _provider.Provider, CaptureGraph = false });
                if (obstacle is not null)
                {
                    var wanted = DeviceProvider.Of(_provider.Provider);
                    if (settings.Provider != ExecutionProvider.Auto) Throw.ProviderUnavailable(wanted.Title, obstacle);
                    _thread.Run(_runner.Dispose);
                    _thread = null;
                    (_runner, _) = SessionFactory.Open(bytes, graph.Name, SessionSettings.OnCpu(settings.Threads, settings.LongestRun), Configure);
                    _provider = SessionFactory.NotUsable(wanted, obstacle);
                }
            }

            if (settings.CaptureGraph) (_runner, _device, _provider) = Recording(bytes, settings with { Provider = _provider.Provider });
            // ONNX Runtime has copied them; code that is not optimized yet would keep them to the end.
            bytes = null!;
            LargeGarbage.Collect(size);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the session really runs on.</summary>
    internal ExecutionProviderInfo Provider => _provider with
    {
        Reason = string.Join(' ', new[] { _provider.Reason, _device?.Refusal is { } refusal ? $"But {refusal}" : null, _graph.OptimizationNote }.Where(part => part is not null)),
    };

    /// <summary>D, the length of one output row.</summary>
    internal int RowLength => _graph.RowLength;

    /// <summary>Canceled when no further run is let in.</summary>
    internal CancellationToken Closing => _runs.Closing;

    /// <summary>Why no further run is let in; null as long as runs are.</summary>
    internal ObjectDisposedException? Refusal => _runs.IsClosed ? _runs.Refusal() : null;

    /// <summary>The batch size that the graph fixes; null if it takes any.</summary>
    internal int? FixedBatch { get; }

    /// <summary>Whether the session is disposed.</summary>
    internal bool IsFreed { get; private set; }

    /// <summary>Runs images through the network. A graph with a fixed batch axis is run as often as that takes.</summary>
    /// <param name="images"><c>[N,...]</c> prepared images, back to back.</param>
    /// <param name="count">N.</param>
    /// <param name="rows">Receives <c>[N,D]</c>, row-major.</param>
    /// <param name="size">The batch size to run at, the last batch filled up; null for all images at once.</param>
    /// <param name="cancellationToken">Ends a run that does not end soon by itself.</param>
    /// <exception cref="ModelException">The network failed to run, took longer than the limit, or gave rows of another length.</exception>
    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    internal void Run(Memory<float> images, int count, Span<float> rows, int? size = null, CancellationToken cancellationToken = default) =>
        Run(images, count, new RowTarget(rows), size, cancellationToken);

    /// <summary>Runs images through the network as <see cref="Run(Memory{float}, int, Span{float}, int?, CancellationToken)"/> does.</summary>
    /// <returns>N rows of D numbers, each an array of its own.</returns>
    /// <inheritdoc cref="Run(Memory{float}, int, Span{float}, int?, CancellationToken)"/>
    internal float[][] Run(Memory<float> images, int count, int? size = null, CancellationToken cancellationToken = default)
    {
        var rows = new float[count][];
        Run(images, count, new RowTarget(rows), size, cancellationToken);
        return rows;
    }

    /// <summary>Makes a device ready for batches of a size, which takes as long as many runs; nothing on the CPU, or the second time.</summary>
    internal void WarmUp(int size)
    {
        if (_thread is null || !_warm.TryAdd(size, true)) return;
        if (_device is not null) Prepare(_device, FixedBatch ?? size);
        else Run(new float[size * _graph.ImageLength], size, new float[size * RowLength]);
    }

    public void Dispose()
    {
        if (IsFreed) return;
        IsFreed = true;
        _device?.Dispose();
        if (_thread is null) _runner.Dispose();
        else _thread.Run(_runner.Dispose);
    }

    private void Configure(Microsoft.ML.OnnxRuntime.SessionOptions options) => options.GraphOptimizationLevel = _graph.Optimization;

    private void Prepare(DeviceRunner device, int size)
    {
        using var run = _runs.Enter();
        device.Prepare(size);
    }

    private void Run(Memory<float> images, int count, RowTarget rows, int? size, CancellationToken cancellationToken)
    {
        var imageLength = _graph.ImageLength;
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

            RunOnce(slice, step, done, wanted, rows, cancellationToken);
        }
    }

    private void RunOnce(Memory<float> images, int batch, int first, int wanted, RowTarget rows, CancellationToken cancellationToken)
    {
        // A run that finds a place is done, also where the caller has canceled meanwhile.
        if (!_places.Wait(0, CancellationToken.None)) _places.Wait(cancellationToken);
        try
        {
            using var run = _runs.Enter();
            if (_device is not null)
            {
                Take(_device.Run(images, batch, cancellationToken), batch, first, wanted, rows);
                return;
            }

            using var outputs = _thread is null ? RunInThisMemory(images, batch, cancellationToken) : _thread.Run(() => RunInThisMemory(images, batch, cancellationToken));
            Take(outputs.Floats(0), batch, first, wanted, rows);
        }
        finally
        {
            _places.Release();
        }
    }

    private void Take(ReadOnlySpan<float> values, int batch, int first, int wanted, RowTarget rows)
    {
        if (values.Length != batch * RowLength) Throw.OutputHasWrongLength(_graph.Name, _graph.Output, batch, RowLength, values.Length);
        rows.Take(first, values[..(wanted * RowLength)], RowLength);
    }

    private NetworkOutputs RunInThisMemory(Memory<float> images, int batch, CancellationToken cancellationToken = default) =>
        _runner.Run(_graph.Input, images, [batch, .. _graph.ImageShape], [_graph.Output], cancellationToken);

    /// <summary>Runs an empty batch on the device: a session opens on many a device that then lacks a kernel or memory.</summary>
    /// <returns>What keeps tensors on the device, null if they do not stay there; or why the device cannot be used.</returns>
    private (DeviceRunner? Device, string? Obstacle) TryOut(SessionSettings here)
    {
        var size = FixedBatch ?? 1;
        var tried = RuntimeErrors.Try(() =>
        {
            if (DeviceRunner.IsFor(_runner, here.Provider)) return DeviceRunner.Open(_runner, here, _graph.ImageShape, size);
            _thread!.Run(() => RunInThisMemory(new float[size * _graph.ImageLength], size).Dispose());
            return null;
        });
        if (tried.Obstacle is null) _warm.TryAdd(size, true);
        return tried;
    }

    /// <summary>
    /// The network opened once more, its work recorded, once a trial has shown that what is replayed is right; else the one that is
    /// open, and why.
    /// </summary>
    private (NetworkRunner Runner, DeviceRunner? Device, ExecutionProviderInfo Provider) Recording(byte[] graph, SessionSettings here)
    {
        if (_device is null) return Not("only CUDA and WebGPU can record it.");
        var (runner, obstacle) = SessionFactory.TryOpen(DeviceProvider.Of(here.Provider), graph, _graph.Name, here, Configure);
        if (runner is null) return Not(obstacle!);
        DeviceRunner? device = null;
        try
        {
            (device, obstacle) = RuntimeErrors.Try(() => DeviceRunner.Open(runner, here, _graph.ImageShape, FixedBatch ?? 1));
        }
        finally
        {
            if (device is null) _thread!.Run(runner.Dispose);
        }

        if (device is null) return Not(obstacle!);
        _device.Dispose();
        _thread!.Run(_runner.Dispose);
        return (runner, device, _provider with { Reason = $"{_provider.Reason} Its work is recorded once for each batch size and replayed." });

        (NetworkRunner, DeviceRunner?, ExecutionProviderInfo) Not(string why) =>
            (_runner, _device, _provider with { Reason = $"{_provider.Reason} Its work is not recorded: {why}" });
    }

    /// <summary>Checks that the input takes the images; returns the batch size that it insists on, null for any.</summary>
    private int? CheckInput()
    {
        var (name, input) = (_graph.Name, _graph.Input);
        if (!_runner.Session.InputMetadata.TryGetValue(input, out var metadata)) Throw.TensorNotFound(name, "input", input, _runner.Session.InputMetadata.Keys);
        if (metadata.ElementDataType != Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float) Throw.InputNotFloat(name, input, metadata.ElementDataType.ToString());
        var dims = metadata.Dimensions;
        if (dims.Length != 4) Throw.InputNotAnImage(name, input, dims);
        for (var axis = 1; axis < 4; axis++)
        {
            if (dims[axis] > 0 && dims[axis] != _graph.ImageShape[axis - 1]) Throw.InputHasOtherSize(name, input, dims, _graph.ImageShape);
        }

        return dims[0] > 0 ? dims[0] : null;
    }

    /// <summary>Where the rows of a run go: back to back into one span, or each into an array of its own. Either way they are copied once.</summary>
    private readonly ref struct RowTarget
    {
        private readonly Span<float> _together;
        private readonly float[][]? _apart;

        internal RowTarget(Span<float> together) => _together = together;

        internal RowTarget(float[][] apart) => _apart = apart;

        internal void Take(int first, ReadOnlySpan<float> rows, int rowLength)
        {
            if (_apart is null)
            {
                rows.CopyTo(_together[(first * rowLength)..]);
                return;
            }

            for (var i = 0; i < rows.Length / rowLength; i++) _apart[first + i] = rows.Slice(i * rowLength, rowLength).ToArray();
        }
    }
}
