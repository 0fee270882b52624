namespace OnnxTransfer.Cluster.Workers;

/// <summary>Told by Orleans that a silo cannot go on. By default it would end the process; the worker joins with a new silo instead.</summary>
internal sealed class LostSilo : IFatalErrorHandler, IDisposable
{
    private readonly CancellationTokenSource _lost = new();

    /// <summary>Canceled when the silo is lost.</summary>
    internal CancellationToken Token => _lost.Token;

    /// <summary>Why; null while it is not lost.</summary>
    internal string? Reason { get; private set; }

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender, string? context, Exception? exception)
    {
        Reason ??= ClusterErrors.OneLine(context ?? exception?.Message ?? "no reason is known");
        try
        {
            _lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    public void Dispose() => _lost.Dispose();
}
