using Microsoft.ML.OnnxRuntime;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

/// <summary>Opens ONNX Runtime sessions on the provider that was asked for and says what it got.</summary>
internal static class SessionFactory
{
    private const string Cuda = "CUDAExecutionProvider";

    /// <summary>The version of the ONNX Runtime library that is loaded.</summary>
    internal static string RuntimeVersion => OrtEnv.Instance().GetVersionString();

    /// <summary>The execution providers compiled into the library that is loaded, by ONNX Runtime's names.</summary>
    internal static string[] CompiledProviders => OrtEnv.Instance().GetAvailableProviders();

    /// <summary>Opens a session on <paramref name="provider"/>.</summary>
    /// <exception cref="Backbones.ModelException">The graph is no valid model, or CUDA was asked for by name and does not work.</exception>
    internal static (InferenceSession Session, ExecutionProviderInfo Provider) Open(byte[] graph, string model, ExecutionProvider provider, int threads)
    {
        if (provider == ExecutionProvider.Cpu) return (OpenOn(graph, model, threads, cuda: false), new(ExecutionProvider.Cpu, "the CPU was asked for."));

        var obstacle = CudaObstacle();
        if (obstacle is null)
        {
            try
            {
                return (OpenOn(graph, model, threads, cuda: true), new(ExecutionProvider.Cuda, "CUDA works on this machine."));
            }
            catch (CudaException exception)
            {
                obstacle = FirstLine(exception.InnerException!.Message);
            }
        }

        if (provider == ExecutionProvider.Cuda) Throw.CudaUnavailable(obstacle);
        return (OpenOn(graph, model, threads, cuda: false), new(ExecutionProvider.Cpu, $"CUDA is not usable: {obstacle}"));
    }

    /// <summary>Why CUDA cannot work here, or null when nothing speaks against trying.</summary>
    internal static string? CudaObstacle() =>
        CompiledProviders.Contains(Cuda) ? null : "this build of ONNX Runtime has no CUDA provider (the package Microsoft.ML.OnnxRuntime.Gpu has).";

    /// <summary>Why CUDA cannot be used, found out by asking for it without any model; null when it can.</summary>
    internal static string? ProbeCuda()
    {
        if (CudaObstacle() is { } obstacle) return obstacle;
        using var options = new SessionOptions();
        try
        {
            options.AppendExecutionProvider_CUDA();
            return null;
        }
        catch (OnnxRuntimeException exception)
        {
            return FirstLine(exception.Message);
        }
    }

    private static InferenceSession OpenOn(byte[] graph, string model, int threads, bool cuda)
    {
        using var options = new SessionOptions { IntraOpNumThreads = threads, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        try
        {
            if (cuda) options.AppendExecutionProvider_CUDA();
            return new InferenceSession(graph, options);
        }
        catch (OnnxRuntimeException exception) when (cuda && IsCudaTrouble(exception))
        {
            throw new CudaException(exception);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.ModelDoesNotLoad(model, exception);
        }
    }

    private static bool IsCudaTrouble(OnnxRuntimeException exception) =>
        exception.Message.Contains("CUDA", StringComparison.OrdinalIgnoreCase) || exception.Message.Contains("cudnn", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("onnxruntime_providers", StringComparison.Ordinal);

    private static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    /// <summary>CUDA, not the model, is what failed.</summary>
    private sealed class CudaException(OnnxRuntimeException inner) : Exception(inner.Message, inner);
}
