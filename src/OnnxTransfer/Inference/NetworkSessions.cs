using OnnxTransfer.Internals;

namespace OnnxTransfer.Inference;

/// <summary>
/// A network opened for many images at once, for single ones, or for both: on the CPU the first runs each image on one core, many side by
/// side, and the second runs one image on all cores. The rows are the same. A device has one session; single images and batches share it.
/// </summary>
internal sealed class NetworkSessions : IDisposable
{
    private readonly RunGate _runs;
    private readonly Lazy<OnnxSession> _forMany;
    private readonly Lazy<OnnxSession> _forOne;

    /// <summary>Opens the network; each session is opened when it is first asked for, since opening one takes as long as several images.</summary>
    /// <param name="open">Opens a session.</param>
    /// <param name="settings">Where and how; its threads are those to use in all.</param>
    /// <param name="forOne">Whether to open the session for single images now; else the one for many.</param>
    /// <param name="runs">Where the runs of the sessions are counted; closed before this is disposed.</param>
    internal NetworkSessions(Func<SessionSettings, OnnxSession> open, SessionSettings settings, bool forOne, RunGate runs)
    {
        _runs = runs;
        _forMany = new Lazy<OnnxSession>(() => Opened is null ? open(settings with { Threads = 1 }) : Second(1));
        _forOne = new Lazy<OnnxSession>(() => Opened is null ? open(settings) : Second(settings.Threads));
        Opened = forOne ? ForOne : ForMany;

        OnnxSession Second(int threads)
        {
            var hasOneCore = Cores.Count(settings.Threads) == 1;
            return hasOneCore || Opened!.Provider.Provider != ExecutionProvider.Cpu ? Opened! : open(SessionSettings.OnCpu(threads, settings.LongestRun));
        }
    }

    internal OnnxSession ForMany => Get(_forMany);

    internal OnnxSession ForOne => Get(_forOne);

    /// <summary>The session that was opened first: what is true of the network is true of it.</summary>
    internal OnnxSession Opened { get; }

    /// <summary>The session for a number of images: a single image is not worth opening the other one.</summary>
    internal OnnxSession For(int images) => images == 1 && _forOne.IsValueCreated ? ForOne : ForMany;

    public void Dispose()
    {
        if (_forOne.IsValueCreated) _forOne.Value.Dispose();
        if (_forMany.IsValueCreated && !(_forOne.IsValueCreated && _forOne.Value == _forMany.Value)) _forMany.Value.Dispose();
    }

    private OnnxSession Get(Lazy<OnnxSession> session)
    {
        if (session.IsValueCreated) return session.Value;
        // Opening counts as a run: disposal waits for it and then finds the session, and none is opened afterward.
        using var opening = _runs.Enter();
        return session.Value;
    }
}
