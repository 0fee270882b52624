using System.Diagnostics;
using System.Text;
using OnnxTransfer.Cluster.Jobs;

namespace OnnxTransfer.Cluster.Tests;

/// <summary>The built <c>onnxtransfer-cluster</c> in a process of its own.</summary>
internal sealed class ClusterProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _text = new();

    internal ClusterProcess(string[] arguments)
    {
        _process = Process.Start(Command(arguments))!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_text) _text.AppendLine(line.Data);
        };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    internal string Text
    {
        get
        {
            lock (_text) return _text.ToString();
        }
    }

    internal bool HasEnded => _process.HasExited;

    /// <summary>Runs a command to its end and gives its standard output.</summary>
    internal static string Run(string[] arguments)
    {
        using var process = Process.Start(Command(arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', arguments)} ended with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
        return output;
    }

    /// <summary>Waits until the process has said something.</summary>
    internal async Task SaysAsync(string text)
    {
        while (!Text.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(HasEnded, Text);
            await Task.Delay(50);
        }
    }

    /// <summary>As <c>kill -9</c>.</summary>
    internal void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    private static ProcessStartInfo Command(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(JobSpec).Assembly.Location, .. arguments]) start.ArgumentList.Add(argument);
        start.Environment["ONNXTRANSFER_OFFLINE"] = "1";
        return start;
    }
}
