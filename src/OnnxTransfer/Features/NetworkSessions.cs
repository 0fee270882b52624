namespace OnnxTransfer.Features;

/// <summary>
/// A network opened for many images at once and, when that is wanted too, for single ones: on the CPU the first runs each
/// image on one core, many side by side, and the second runs one image on all cores. The rows are the same.
/// </summary>
internal sealed class NetworkSessions : IDisposable
{
    private readonly Lazy<OnnxSession> _forOne;

    /// <summary>Opens the network for many images.</summary>
    /// <param name="open">Opens a session on a provider with a number of threads for one run, 0 for one per core.</param>
    /// <param name="provider">Where to run.</param>
    /// <param name="threads">Threads to use in all; 0 for one per core.</param>
    internal NetworkSessions(Func<ExecutionProvider, int, OnnxSession> open, ExecutionProvider provider, int threads)
    {
        ForMany = open(provider, 1);
        var isAlone = ForMany.Provider.Provider != ExecutionProvider.Cpu || (threads > 0 ? threads : Environment.ProcessorCount) == 1;
        _forOne = new Lazy<OnnxSession>(() => isAlone ? ForMany : open(ExecutionProvider.Cpu, threads));
    }

    internal OnnxSession ForMany { get; }

    /// <summary>Opened when it is first asked for.</summary>
    internal OnnxSession ForOne => _forOne.Value;

    public void Dispose()
    {
        ForMany.Dispose();
        if (_forOne.IsValueCreated) _forOne.Value.Dispose();
    }
}
