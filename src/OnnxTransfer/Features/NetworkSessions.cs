namespace OnnxTransfer.Features;

/// <summary>
/// A network opened for many images at once and, when that is wanted too, for single ones: on the CPU the first runs each
/// image on one core, many side by side, and the second runs one image on all cores. The rows are the same.
/// </summary>
internal sealed class NetworkSessions : IDisposable
{
    private readonly Lazy<OnnxSession> _forOne;

    /// <summary>Opens the network for many images.</summary>
    /// <param name="open">Opens a session.</param>
    /// <param name="settings">Where and how; its threads are those to use in all.</param>
    internal NetworkSessions(Func<SessionSettings, OnnxSession> open, SessionSettings settings)
    {
        ForMany = open(settings with { Threads = 1 });
        var isAlone = ForMany.Provider.Provider != ExecutionProvider.Cpu || (settings.Threads > 0 ? settings.Threads : Environment.ProcessorCount) == 1;
        _forOne = new Lazy<OnnxSession>(() => isAlone ? ForMany : open(SessionSettings.OnCpu(settings.Threads)));
    }

    internal OnnxSession ForMany { get; }

    /// <summary>Opened when it is first asked for.</summary>
    internal OnnxSession ForOne => _forOne.Value;

    public void Dispose()
    {
        // Of a device there is only one session, for both.
        if (_forOne.IsValueCreated && _forOne.Value != ForMany) _forOne.Value.Dispose();
        ForMany.Dispose();
    }
}
