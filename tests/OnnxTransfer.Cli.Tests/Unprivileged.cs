using System.Diagnostics;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Runs <c>onnxtransfer</c> as a user whom permissions bind: root may read everything.</summary>
internal static class Unprivileged
{
    /// <summary>Null where a command can run as such a user, else why not.</summary>
    internal static string? Obstacle { get; } =
        OperatingSystem.IsWindows() ? "needs Unix permissions"
        : Environment.UserName != "root" ? null
        : File.Exists("/usr/bin/setpriv") ? null
        : "needs a user other than root, or setpriv";

    internal static CliResult Run(params string[] arguments)
    {
        var start = Cli.Command(arguments);
        if (Environment.UserName == "root")
        {
            var command = start.ArgumentList.ToArray();
            start.ArgumentList.Clear();
            foreach (var argument in (string[])["--reuid=65534", "--regid=65534", "--clear-groups", start.FileName, .. command]) start.ArgumentList.Add(argument);
            start.FileName = "/usr/bin/setpriv";
        }

        start.Environment["ONNXTRANSFER_HOME"] = "/tmp";
        start.Environment["HOME"] = "/tmp";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}

/// <summary>A fact that permissions decide, skipped where nothing runs without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnprivilegedFactAttribute : FactAttribute
{
    public UnprivilegedFactAttribute() => Skip = Unprivileged.Obstacle;
}
