using System.Diagnostics;
using System.Text;
using System.Text.Json;
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
        var (code, output, error) = End(arguments);
        Assert.True(code == 0, $"{string.Join(' ', arguments)} ended with {code}: {error}");
        return output;
    }

    /// <summary>Runs a command that must fail and gives its standard error.</summary>
    internal static string Fail(string[] arguments)
    {
        var (code, output, error) = End(arguments);
        Assert.True(code == 1, $"{string.Join(' ', arguments)} ended with {code}: {output}{error}");
        return error;
    }

    /// <summary>The status of a job.</summary>
    internal static JsonElement Status(string job, string[] cluster) => JsonDocument.Parse(Run(["status", job, "--json", .. cluster])).RootElement.GetProperty("jobs")[0];

    /// <summary>Waits until a job has ended, and gives its status.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cluster">The arguments that say which cluster.</param>
    /// <param name="worker">A worker without which the job would not end.</param>
    internal static async Task<JsonElement> EndOfAsync(string job, string[] cluster, ClusterProcess worker)
    {
        while (true)
        {
            var status = Status(job, cluster);
            if (status.GetProperty("state").GetString() != "running") return status;
            Assert.False(worker.HasEnded, worker.Text);
            await Task.Delay(500);
        }
    }

    /// <summary>Waits until the process has said something; what it has not said for minutes, it will not say.</summary>
    internal async Task SaysAsync(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Text.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(HasEnded || clock.Elapsed > TimeSpan.FromMinutes(2), $"'{text}' was not said: {Text}");
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

    private static (int Code, string Output, string Error) End(string[] arguments)
    {
        using var process = Process.Start(Command(arguments))!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    private static ProcessStartInfo Command(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(JobSpec).Assembly.Location, .. arguments]) start.ArgumentList.Add(argument);
        start.Environment["ONNXTRANSFER_OFFLINE"] = "1";
        return start;
    }
}
