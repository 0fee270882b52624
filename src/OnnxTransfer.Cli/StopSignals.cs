using System.Runtime.InteropServices;

namespace OnnxTransfer.Cli;

/// <summary>
/// Ctrl+C, a request to end (SIGTERM) and a closed terminal (SIGHUP): the first asks the work to stop and to keep what is finished; a
/// second ends the process.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const string ShowCursor = "\u001b[?25h";

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly TextWriter _terminal;

    /// <param name="terminal">The plain standard error, on which a progress bar hides the cursor.</param>
    internal StopSignals(TextWriter terminal)
    {
        _terminal = terminal;
        _registrations = [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    internal CancellationToken Token => _stop.Token;

    internal bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>What the process returns once it was asked to stop.</summary>
    internal int ExitCode { get; private set; } = Cli.ExitCode.Canceled;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        if (IsStopping) RestoreCursor();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (IsStopping)
        {
            RestoreCursor();
            return;
        }

        context.Cancel = true;
        if (context.Signal != PosixSignal.SIGINT) ExitCode = Cli.ExitCode.Terminated;
        _stop.Cancel();
    }

    private void RestoreCursor()
    {
        if (!Console.IsErrorRedirected) _terminal.Write(ShowCursor);
    }
}
