using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What a container's process finds: a user that nobody knows, no home, or one that cannot be written. Models that are here work all the same.</summary>
public sealed class ContainerTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public ContainerTests()
    {
        Fixture.WritePhotos(_folder.Path, perClass: 2, seed: 12);
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1FF);
    }

    public static TheoryData<string, string?, string?> Homes => new()
    {
        // What is said: the variable that helps, or nothing.
        { "no home", "/nonexistent", null },
        { "a home that cannot be written", "/proc", "warning: The feature cache '/proc/.cache/onnxtransfer/features/" },
        { "none is named", null, null },
    };

    public void Dispose() => _folder.Dispose();

    [UnprivilegedTheory]
    [MemberData(nameof(Homes))]
    public void A_model_that_is_here_needs_no_home(string name, string? home, string? warning)
    {
        var output = Path.Combine(_folder.Path, "x.npy");
        var result = Run(home, "embed", _folder.Path, "--out", output, "--backbone", _folder.File("tiny.onnx"), "--provider", "cpu");
        Assert.True(result.ExitCode == 0, $"{name}: {result.Error}");
        Assert.True(File.Exists(output));
        if (warning is not null)
        {
            Assert.Contains(warning, result.Error, StringComparison.Ordinal);
            Assert.Contains("ONNXTRANSFER_HOME", result.Error, StringComparison.Ordinal);
        }
    }

    [UnprivilegedTheory]
    [MemberData(nameof(Homes))]
    public void A_download_names_the_variable_that_helps(string name, string? home, string? warning)
    {
        _ = warning;
        var result = Run(home, "models", "pull", "mobilenet-v2");
        Assert.True(result.ExitCode == 1, name);
        Assert.Contains("ONNXTRANSFER_HOME", result.Error, StringComparison.Ordinal);
    }

    private static CliResult Run(string? home, params string[] arguments) =>
        Unprivileged.Run(new Dictionary<string, string?> { ["HOME"] = home, ["ONNXTRANSFER_HOME"] = null, ["XDG_CACHE_HOME"] = null, ["ONNXTRANSFER_OFFLINE"] = null }, 43210, arguments);
}
