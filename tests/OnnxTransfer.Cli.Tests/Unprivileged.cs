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

    internal static CliResult Run(params string[] arguments) =>
        Run(new Dictionary<string, string?> { ["ONNXTRANSFER_HOME"] = "/tmp", ["HOME"] = "/tmp" }, 65534, arguments);

    /// <param name="environment">Variables to set; null to remove one.</param>
    /// <param name="user">The user's number where this process is root's; it need not be one of the machine's users.</param>
    /// <param name="arguments">The arguments.</param>
    internal static CliResult Run(IReadOnlyDictionary<string, string?> environment, int user, params string[] arguments)
    {
        var start = Cli.Command(arguments);
        if (Environment.UserName == "root")
        {
            var command = start.ArgumentList.ToArray();
            start.ArgumentList.Clear();
            foreach (var argument in (string[])[$"--reuid={user}", $"--regid={user}", "--clear-groups", start.FileName, .. command]) start.ArgumentList.Add(argument);
            start.FileName = "/usr/bin/setpriv";
        }

        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new CliResult(process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}

/// <summary>A theory that permissions decide, skipped where nothing runs without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnprivilegedTheoryAttribute : TheoryAttribute
{
    public UnprivilegedTheoryAttribute() => Skip = Unprivileged.Obstacle;
}

/// <summary>A fact that permissions decide, skipped where nothing runs without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class UnprivilegedFactAttribute : FactAttribute
{
    public UnprivilegedFactAttribute() => Skip = Unprivileged.Obstacle;
}
