using System.Diagnostics;

namespace OnnxTransfer.Campaigns;

/// <summary>What a run of the tool came to.</summary>
internal sealed record Ran(int ExitCode, string Output, string Error);

/// <summary>The <c>onnxtransfer</c> under attack, in processes of its own.</summary>
/// <param name="path">Its program, or its .dll.</param>
/// <param name="environment">Variables of its environment.</param>
internal sealed class Tool(string path, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>No run of a campaign takes nearly as long, even on a machine that does other work.</summary>
    private static readonly TimeSpan s_hang = TimeSpan.FromMinutes(15);

    internal Process Start(params string[] arguments)
    {
        var isDll = path.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(isDll ? "dotnet" : path) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (isDll) start.ArgumentList.Add(path);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    internal Ran Run(params string[] arguments)
    {
        using var process = Start(arguments);
        return End(process);
    }

    /// <summary>Waits for the end of a process.</summary>
    internal static Ran End(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(s_hang))
        {
            process.Kill();
            return new Ran(-1, "", $"it has not ended after {s_hang.TotalSeconds} seconds");
        }

        return new Ran(process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    /// <summary>Runs the tool undisturbed, and fails if it does.</summary>
    internal Ran Demand(params string[] arguments) =>
        Run(arguments) is { ExitCode: 0 } ran ? ran : throw new InvalidOperationException($"`{string.Join(' ', arguments)}` failed undisturbed: {Run(arguments)}");
}
