using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Whoever asks the tool to stop keeps the rows that are finished.</summary>
public sealed class StopSignalsTests(Fixture fixture) : IClassFixture<Fixture>
{
    [LinuxTheory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 143)]
    public void A_signal_stops_the_run_and_keeps_what_is_finished(string signal, int code)
    {
        using var folder = new TempFolder();
        var photo = Directory.GetFiles(fixture.Photos, "*.png", SearchOption.AllDirectories)[0];
        var (output, cache) = (folder.File("rows.npy"), folder.File("cache"));
        // Far more images than can be done before the signal comes, each another one for the cache.
        Directory.CreateDirectory(folder.File("many"));
        var bytes = File.ReadAllBytes(photo);
        for (var i = 0; i < 20_000; i++) File.WriteAllBytes(folder.File("many", $"{i}.png"), [.. bytes, .. BitConverter.GetBytes(i)]);

        var stopped = Cli.Stop(
            signal, folder.Path, () => Rows(cache) > 0,
            ["embed", folder.File("many"), "--out", output, "--backbone", fixture.Backbone, "--cache", cache, "--provider", "cpu", "--threads", "1"]);

        Assert.Equal(code, stopped.ExitCode);
        Assert.EndsWith("canceled\n", stopped.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
        Assert.InRange(Rows(cache), 1, 19_999);
    }

    private static long Rows(string cache)
    {
        if (!Directory.Exists(cache) || Directory.GetFiles(cache, "*.sqlite") is not [_]) return 0;
        var result = Cli.Run("cache", "info", "--cache", cache, "--json");
        return result.ExitCode != 0 ? 0 : result.Json.GetProperty("models").EnumerateArray().Sum(model => model.GetProperty("vectors").GetInt64());
    }
}
