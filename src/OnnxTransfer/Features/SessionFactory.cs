using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>Opens ONNX Runtime sessions on the provider that was asked for and says what it got.</summary>
internal static class SessionFactory
{
    /// <summary>The version of the ONNX Runtime library that is loaded.</summary>
    internal static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>Opens a session on <paramref name="provider"/>.</summary>
    /// <exception cref="Backbones.ModelException">The graph is no valid model, or CUDA was asked for by name and does not work.</exception>
    internal static (InferenceSession Session, ExecutionProviderInfo Provider) Open(byte[] graph, string model, ExecutionProvider provider, int threads)
    {
        if (provider == ExecutionProvider.Cpu) return (OpenOnCpu(graph, model, threads), new(ExecutionProvider.Cpu, "the CPU was asked for."));

        using var options = Options(threads);
        var obstacle = CudaProvider.TryAppend(options);
        if (obstacle is null)
        {
            try
            {
                return (new InferenceSession(graph, options), new(ExecutionProvider.Cuda, "CUDA works on this machine."));
            }
            catch (OnnxRuntimeException exception)
            {
                // Either the model is bad, and then the CPU's error says so below, or CUDA is.
                obstacle = exception.Message.Split('\n', 2)[0].Trim();
            }
        }

        var session = OpenOnCpu(graph, model, threads);
        if (provider != ExecutionProvider.Cuda) return (session, new(ExecutionProvider.Cpu, $"CUDA is not usable: {obstacle}"));
        session.Dispose();
        Throw.CudaUnavailable(obstacle);
        return default;
    }

    /// <summary>Why CUDA cannot be used, found out by asking for it without any model; null when it can.</summary>
    internal static string? ProbeCuda()
    {
        using var options = new SessionOptions();
        return CudaProvider.TryAppend(options);
    }

    private static InferenceSession OpenOnCpu(byte[] graph, string model, int threads)
    {
        using var options = Options(threads);
        try
        {
            return new InferenceSession(graph, options);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.ModelDoesNotLoad(model, exception);
        }
    }

    private static SessionOptions Options(int threads)
    {
        var options = new SessionOptions { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        // A thread that has nothing to do sleeps: spinning would take the core from the decoder and from other programs.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        return options;
    }
}
