using Microsoft.ML.OnnxRuntime;

namespace OnnxTransfer.Inference;

/// <summary>
/// Ends runs of a network that do not end by themselves: at a time limit, or some time after the caller canceled. ONNX Runtime looks between two
/// operators whether it is to end, also inside of a loop.
/// </summary>
/// <param name="network">The name in messages.</param>
/// <param name="longest">The time limit of one run; null for none.</param>
internal sealed class RunLimit(string network, TimeSpan? longest)
{
    /// <summary>How long a run may go on after the caller canceled: a run of the usual length ends, and its rows are kept.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(5);

    /// <summary>Whether a run needs options of its own, by which it alone can be ended.</summary>
    internal bool IsFor(CancellationToken cancellationToken) => longest is not null || cancellationToken.CanBeCanceled;

    /// <summary>Runs the network.</summary>
    /// <param name="options">What the run is given, and no other run at the same time.</param>
    /// <param name="run">The calls of ONNX Runtime.</param>
    /// <param name="cancellationToken">Ends the run if it goes on for long.</param>
    /// <exception cref="ModelException">The network failed to run, or took longer than the limit.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled, and the run did not end by itself.</exception>
    internal T Run<T>(RunOptions options, Func<T> run, CancellationToken cancellationToken)
    {
        if (!IsFor(cancellationToken)) return RuntimeErrors.WhileRunning(network, run);
        try
        {
            using var end = new CancellationTokenSource();
            using var ending = end.Token.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, options);
            using var canceled = cancellationToken.UnsafeRegister(static end => ((CancellationTokenSource)end!).CancelAfter(s_grace), end);
            if (longest is { } time && !cancellationToken.IsCancellationRequested) end.CancelAfter(time);
            return RuntimeErrors.WhileRunning(network, run);
        }
        catch (ModelException) when (options.Terminate)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Throw.RunTookTooLong(network, longest!.Value);
        }
        finally
        {
            // The options may serve the next run.
            options.Terminate = false;
        }
    }
}
