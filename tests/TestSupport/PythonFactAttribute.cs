using System.Diagnostics;

namespace OnnxTransfer.TestSupport;

/// <summary>Skips a test where there is no Python with h5py.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    internal const string Python = "/usr/bin/python3";

    internal static readonly string? Missing = HasH5py() ? null : "needs /usr/bin/python3 with h5py (Debian's python3-h5py)";

    public PythonFactAttribute() => Skip = Missing;

    /// <summary>Runs a script beside the tests of the Keras converter, which fails the test if it fails.</summary>
    internal static void Run(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, [Repository.PathOf("tests", "OnnxTransfer.Conversion.Tests", "Keras", script), .. arguments]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

    private static bool HasH5py()
    {
        if (!File.Exists(Python)) return false;
        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import h5py"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>Skips a theory where there is no Python with h5py.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute() => Skip = PythonFactAttribute.Missing;
}
