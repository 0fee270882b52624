using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class TelemetryTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public async Task A_run_leaves_nothing_in_an_empty_home_but_what_was_asked_for()
    {
        using var home = new TempFolder();
        var start = Cli.Command(["embed", fixture.Photos, "--backbone", fixture.Backbone, "--out", Path.Combine(fixture.Folder, "telemetry.npy"), "--cache", "none"]);
        foreach (var name in new[] { "XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "ONNXTRANSFER_HOME" }) start.Environment.Remove(name);
        foreach (var name in new[] { "HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA" }) start.Environment[name] = home.Path;

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, await error);
        // Whether ONNX Runtime's optimizer can be trusted with the network is found out once.
        var file = Assert.Single(Directory.EnumerateFiles(home.Path, "*", SearchOption.AllDirectories));
        Assert.Equal("optimizer-checks", Path.GetFileName(Path.GetDirectoryName(file)));
    }
}
