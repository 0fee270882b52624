using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>Opens ONNX Runtime sessions on the provider that was asked for and says what it got.</summary>
internal static class SessionFactory
{
    /// <summary>The version of the ONNX Runtime library that is loaded.</summary>
    internal static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The bytes of the ONNX file.</param>
    /// <param name="model">What to call the model in messages.</param>
    /// <param name="settings">Where to run. Automatically is on CUDA or the CPU: TensorRT plans for minutes before its first run, and the others change more digits, so they want to be named.</param>
    /// <param name="configure">Sets what else is wanted of the session; null for nothing.</param>
    /// <exception cref="Backbones.ModelException">The graph is no valid model, or a provider was asked for by name and does not work.</exception>
    internal static (InferenceSession Session, ExecutionProviderInfo Provider) Open(
        byte[] graph, string model, SessionSettings settings, Action<SessionOptions>? configure = null)
    {
        if (settings.Provider == ExecutionProvider.Cpu) return (OpenOnCpu(graph, model, settings, configure), new(ExecutionProvider.Cpu, "the CPU was asked for."));

        var wanted = DeviceProvider.Of(settings.Provider == ExecutionProvider.Auto ? ExecutionProvider.Cuda : settings.Provider);
        using var options = Options(settings, configure);
        var obstacle = wanted.TryAppend(options, settings);
        if (obstacle is null)
        {
            try
            {
                return (new InferenceSession(graph, options), new(wanted.Provider, $"{wanted.Title} works on this machine."));
            }
            catch (OnnxRuntimeException exception)
            {
                // Either the model is bad, and then the CPU's error says so below, or the provider is.
                obstacle = Throw.OneLine(exception.Message);
            }
        }

        var session = OpenOnCpu(graph, model, settings, configure);
        if (settings.Provider == ExecutionProvider.Auto) return (session, new(ExecutionProvider.Cpu, $"{wanted.Title} is not usable: {obstacle}"));
        session.Dispose();
        Throw.ProviderUnavailable(wanted.Title, obstacle);
        return default;
    }

    private static InferenceSession OpenOnCpu(byte[] graph, string model, SessionSettings settings, Action<SessionOptions>? configure)
    {
        using var options = Options(settings, configure);
        try
        {
            return new InferenceSession(graph, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.ModelDoesNotLoad(model, exception);
        }
    }

    private static SessionOptions Options(SessionSettings settings, Action<SessionOptions>? configure)
    {
        var options = new SessionOptions { IntraOpNumThreads = settings.Threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // A thread that has nothing to do sleeps: spinning would take the core from the decoder and from other programs.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        configure?.Invoke(options);
        return options;
    }
}
