using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Runs the built <c>onnxtransfer</c> in a process of its own, as a user does.</summary>
internal sealed record CliResult(int ExitCode, string Output, string Error)
{
    internal JsonElement Json => JsonDocument.Parse(Output).RootElement;
}

internal static class Cli
{
    internal static CliResult Run(params string[] arguments) => Run(home: null, arguments);

    /// <param name="home">The model folder's parent; null for one that no other test shares.</param>
    /// <param name="arguments">What follows <c>onnxtransfer</c>.</param>
    internal static CliResult Run(string? home, string[] arguments)
    {
        using var own = new TempFolder();
        var start = Command(arguments);
        start.Environment["ONNXTRANSFER_HOME"] = home ?? own.Path;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    /// <summary>Runs the tool and sends it a signal in the middle of its work.</summary>
    /// <param name="signal">The name of the signal, as <c>kill</c> takes it.</param>
    /// <param name="home">The model folder's parent.</param>
    /// <param name="isUnderWay">Whether the work has begun.</param>
    /// <param name="arguments">What follows <c>onnxtransfer</c>: work that takes far longer than a signal.</param>
    internal static CliResult Stop(string signal, string home, Func<bool> isUnderWay, string[] arguments)
    {
        var start = Command(arguments);
        // A process that was started in the background inherits that Ctrl+C is ignored.
        start.ArgumentList.Insert(0, start.FileName);
        start.ArgumentList.Insert(0, $"--default-signal={signal}");
        (start.FileName, start.Environment["ONNXTRANSFER_HOME"]) = ("env", home);
        using var process = Process.Start(start)!;
        var (error, output) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        // Without the pool of threads, which the other tests keep busy: the signal must come before the end of the run.
        while (!process.HasExited && !isUnderWay()) Thread.Sleep(20);
        using (var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)])) kill.WaitForExit();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>How <c>onnxtransfer</c> is started, without downloads.</summary>
    internal static ProcessStartInfo Command(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Program).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["ONNXTRANSFER_OFFLINE"] = "1";
        return start;
    }
}
