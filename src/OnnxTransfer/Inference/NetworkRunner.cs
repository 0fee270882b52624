using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Inference;

/// <summary>
/// A network that ONNX Runtime has open. This is the only place that gives ONNX Runtime this process's memory. Thread-safe on the CPU; a
/// device's network is used on that device's thread.
/// </summary>
/// <param name="session">The open network, which now belongs to this object.</param>
/// <param name="name">The name in messages.</param>
/// <param name="longestRun">The time limit of one run; null for none.</param>
internal sealed class NetworkRunner(InferenceSession session, string name, TimeSpan? longestRun) : IDisposable
{
    /// <summary>For runs that nothing ends before they are done.</summary>
    private readonly RunOptions _options = new();

    /// <summary>For what is asked of ONNX Runtime besides runs: names and shapes, bindings, profiles.</summary>
    internal InferenceSession Session => session;

    /// <summary>The name of the network in messages.</summary>
    internal string Name => name;

    /// <summary>What ends a run.</summary>
    internal RunLimit Limit { get; } = new(name, longestRun);

    /// <summary>Runs the network on values in this process's memory.</summary>
    /// <param name="input">The name of the input.</param>
    /// <param name="values">Its values, row-major; they must stay as they are until the run has ended.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="outputs">The names of the outputs.</param>
    /// <param name="cancellationToken">Ends the run if it does not end soon by itself.</param>
    /// <exception cref="ModelException">The network failed to run, or took longer than the limit.</exception>
    internal NetworkOutputs Run<T>(
        string input, Memory<T> values, long[] shape, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken = default) where T : unmanaged
    {
        using var own = Limit.IsFor(cancellationToken) ? new RunOptions() : null;
        var options = own ?? _options;
        return Limit.Run(options, Start, cancellationToken);

        NetworkOutputs Start()
        {
            using var tensor = Tensor(values, shape);
            return new NetworkOutputs(session.Run(options, [input], [tensor], outputs), name);
        }
    }

    /// <summary>Runs the network from this process's memory to a tensor on a device.</summary>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal void Run(string input, Memory<float> values, long[] shape, string output, OrtValue device) => RuntimeErrors.WhileRunning(name, () =>
    {
        using var host = Tensor(values, shape);
        session.Run(_options, [input], [host], [output], [device]);
        return true;
    });

    /// <summary>Runs the network from a tensor on a device to this process's memory.</summary>
    /// <exception cref="ModelException">The network failed to run.</exception>
    internal void Run(string input, OrtValue device, string output, Memory<float> values, long[] shape) => RuntimeErrors.WhileRunning(name, () =>
    {
        using var host = Tensor(values, shape);
        session.Run(_options, [input], [device], [output], [host]);
        return true;
    });

    public void Dispose()
    {
        session.Dispose();
        _options.Dispose();
        NativeHeap.Trim();
    }

    private static OrtValue Tensor<T>(Memory<T> values, long[] shape) where T : unmanaged =>
        OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, values, shape);
}

/// <summary>What one run of a network gave; its values are valid until it is disposed.</summary>
internal sealed class NetworkOutputs(IDisposableReadOnlyCollection<OrtValue> values, string network) : IDisposable
{
    /// <summary>The values of an output, row-major.</summary>
    /// <exception cref="ModelException">It is no tensor of float32.</exception>
    internal ReadOnlySpan<float> Floats(int output)
    {
        try
        {
            return values[output].GetTensorDataAsSpan<float>();
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(network, exception);
        }
    }

    /// <summary>The shape of an output.</summary>
    internal long[] Shape(int output) => values[output].GetTensorTypeAndShape().Shape;

    public void Dispose() => values.Dispose();
}
