using System.Diagnostics;

namespace OnnxTransfer.Heic.Tests;

/// <summary>Runs <c>OnnxTransfer.Heic.Probe</c> in a process of its own.</summary>
internal static class Probe
{
    /// <param name="steps">What the program does.</param>
    /// <param name="temporary">The folder for temporary files; null for the usual one.</param>
    /// <param name="policy">The folder of a policy, as a user names it; null for none.</param>
    internal static async Task<(int ExitCode, string Output)> RunAsync(string[] steps, string? temporary = null, string? policy = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OnnxTransfer.Heic.Probe.dll"));
        foreach (var step in steps) start.ArgumentList.Add(step);
        foreach (var name in temporary is null ? [] : new[] { "TMPDIR", "TMP", "TEMP" }) start.Environment[name] = temporary;
        if (policy is not null) start.Environment["MAGICK_CONFIGURE_PATH"] = policy;
        // .NET's own pipe for diagnostics would lie in that folder.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal("", await errors);
        return (process.ExitCode, output);
    }
}
