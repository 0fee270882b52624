using System.Diagnostics;

namespace OnnxTransfer.Benchmarks.Pixels;

/// <summary>A peer's script, running for as long as it is asked. Its first line says what it is.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process _process;

    internal PeerProcess(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        Version = ReadLine();
    }

    /// <summary>Its name and version.</summary>
    internal string Version { get; }

    internal string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return ReadLine();
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("A peer's script ended; its error is above.");
}
