using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// What ONNX Runtime's errors become. Where a network must load or run, they are a <see cref="ModelException"/> with the network's name, what
/// it was to do and ONNX Runtime's own words; where something is only tried, they are the reason why it is not used.
/// </summary>
internal static class RuntimeErrors
{
    /// <summary>Loads a network.</summary>
    /// <param name="network">The name in messages.</param>
    /// <param name="load">The calls of ONNX Runtime.</param>
    /// <exception cref="InvalidModelException">It is no network that ONNX Runtime can load.</exception>
    internal static T WhileLoading<T>(string network, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.ModelDoesNotLoad(network, exception);
        }
    }

    /// <summary>Runs a network.</summary>
    /// <param name="network">The name in messages.</param>
    /// <param name="run">The calls of ONNX Runtime.</param>
    /// <exception cref="ModelException">It failed to run.</exception>
    internal static T WhileRunning<T>(string network, Func<T> run)
    {
        try
        {
            return run();
        }
        catch (OnnxRuntimeException exception)
        {
            throw Throw.RunFailed(network, exception);
        }
    }

    /// <summary>Tries what may not be possible on this machine.</summary>
    /// <returns>What it gave and null; or nothing and why it is not possible, in one sentence.</returns>
    internal static (T? Result, string? Obstacle) Try<T>(Func<T> call)
    {
        try
        {
            return (call(), null);
        }
        catch (Exception exception) when (Words(exception) is { } words)
        {
            return (default, Throw.OneLine(words));
        }
    }

    /// <summary>The words of an error that is the machine's or the provider's; null for an error that is anybody else's.</summary>
    private static string? Words(Exception exception) => exception switch
    {
        // This error comes from a trial run and already has the network's name.
        ModelException { InnerException: OnnxRuntimeException native } => native.Message,
        OnnxRuntimeException or NotSupportedException or EntryPointNotFoundException or IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };
}
