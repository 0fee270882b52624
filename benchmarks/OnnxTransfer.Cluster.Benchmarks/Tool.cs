using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OnnxTransfer.Cluster.Jobs;

namespace OnnxTransfer.Cluster.Benchmarks;

/// <summary>The tool in processes of its own.</summary>
internal static class Tool
{
    /// <summary>Starts a worker of one thread, and comes back when it has joined.</summary>
    public static Process StartWorker(string store, string name, string[] cluster)
    {
        var process = Start(["worker", "--store", store, "--threads", "1", "--name", name, .. cluster]);
        while (process.StandardError.ReadLine() is { } line)
        {
            if (!line.Contains("joined", StringComparison.Ordinal)) continue;
            // A full pipe would stop the worker.
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
            return process;
        }

        throw new InvalidOperationException("The worker did not join.");
    }

    /// <summary>Runs a command and gives its standard output.</summary>
    public static string Run(params string[] arguments)
    {
        using var process = Start(arguments);
        var error = new StringBuilder();
        process.ErrorDataReceived += (_, line) => error.AppendLine(line.Data);
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{arguments[0]} ended with {process.ExitCode}: {error}");
    }

    public static JsonElement Status(string job, string[] cluster) => JsonDocument.Parse(Run(["status", job, "--json", .. cluster])).RootElement.GetProperty("jobs")[0];

    /// <summary>Waits for the manifest, which is written last.</summary>
    public static async Task<TimeSpan> WaitAsync(string folder, Stopwatch clock, Action? meanwhile = null)
    {
        while (!File.Exists(Path.Combine(folder, "manifest.json")))
        {
            meanwhile?.Invoke();
            await Task.Delay(20);
        }

        return clock.Elapsed;
    }

    public static void Kill(Process process)
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Links to photos under names of their own.</summary>
    public static void Link(string folder, IReadOnlyList<string> photos, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var name = i.ToString("0000000", CultureInfo.InvariantCulture);
            var part = Path.Combine(folder, name[..4]);
            if (i % 1000 == 0) Directory.CreateDirectory(part);
            File.CreateSymbolicLink(Path.Combine(part, name + Path.GetExtension(photos[i % photos.Count])), photos[i % photos.Count]);
        }
    }

    private static Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(JobSpec).Assembly.Location, .. arguments]) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }
}
