using System.Diagnostics;
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
