using System.ComponentModel;
using System.Diagnostics;

namespace OnnxTransfer.Build;

/// <summary>Runs other programs.</summary>
public static class Shell
{
    /// <summary>Runs a program with this terminal's streams and returns its exit code.</summary>
    public static int Run(string program, IEnumerable<string> arguments, string workingFolder)
    {
        using var process = Start(program, arguments, workingFolder, capture: false);
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Runs a program, silently, and returns its exit code and everything it printed.</summary>
    public static (int ExitCode, string Output) Capture(string program, IEnumerable<string> arguments, string workingFolder)
    {
        using var process = Start(program, arguments, workingFolder, capture: true);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    private static Process Start(string program, IEnumerable<string> arguments, string workingFolder, bool capture)
    {
        // npm is a script on Windows, which CreateProcess starts only by its full name.
        if (OperatingSystem.IsWindows() && program == "npm") program = "npm.cmd";
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = workingFolder,
            RedirectStandardOutput = capture,
            RedirectStandardError = capture,
        };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        // `dotnet run` sets these for its own build; a build started from here must find its own.
        foreach (var name in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath" }) start.Environment.Remove(name);
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new BuildException(program.StartsWith("npm", StringComparison.Ordinal)
                ? "npm is not installed or not on PATH. It downloads the pictures of the demo: install Node.js 18 or later (https://nodejs.org) and run this again."
                : $"{program} is not installed or not on PATH.");
        }
    }
}
