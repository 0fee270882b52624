using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class CacheTests(Fixture fixture) : IClassFixture<Fixture>
{
    private const int Kills = 3;

    [Fact]
    public void The_cache_is_on_unless_it_is_switched_off_and_train_embed_and_evaluate_share_it()
    {
        using var home = new TempFolder();
        var classifier = fixture.NewFile("cached.onnx");
        string[] train = ["train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--provider", "cpu", "--json"];
        Assert.Equal(0, Cached(Cli.Run(home.Path, train)));
        Assert.Equal(90, Cached(Cli.Run(home.Path, train)));
        Assert.Equal(0, Cached(Cli.Run(home.Path, [.. train, "--cache", "none"])));
        var embedded = Cli.Run(home.Path, ["embed", fixture.Photos, "--out", fixture.NewFile("cached.npy"), "--backbone", fixture.Backbone, "--provider", "cpu", "--json"]);
        Assert.Equal(90, embedded.Json.GetProperty("cached").GetInt32());
        Assert.Equal(0, Cli.Run(home.Path, ["evaluate", classifier, fixture.Photos, "--provider", "cpu"]).ExitCode);

        var info = Cli.Run(home.Path, ["cache", "info", "--json"]);
        var models = info.Json.GetProperty("models").EnumerateArray().ToList();
        // What was trained is found by its graph, in whichever file that is.
        Assert.Equal(90, Assert.Single(models, model => model.GetProperty("id").GetString() == "tiny").GetProperty("vectors").GetInt32());
        // Training keeps the thumbnails that find near duplicates beside the vectors.
        var thumbnails = models.Where(model => model.GetProperty("id").GetString() == "thumbnails").Sum(model => model.GetProperty("vectors").GetInt32());
        Assert.Equal(models.Count, thumbnails > 0 ? 2 : 1);
        Assert.StartsWith(home.Path, info.Json.GetProperty("file").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, Cli.Run(home.Path, ["cache", "verify"]).ExitCode);
        var collected = Cli.Run(home.Path, ["cache", "gc", "--max-size", "0", "--json"]);
        Assert.Equal(90 + thumbnails, collected.Json.GetProperty("removed").GetInt32());

        static int Cached(CliResult result) => result.Json.GetProperty("embed").GetProperty("cached").GetInt32();
    }

    [Fact]
    public void A_damaged_cache_is_an_error_to_cache_verify_and_is_put_aside_by_a_run()
    {
        var damaged = fixture.NewFile("damaged", "features-2.sqlite");
        var folder = Path.GetDirectoryName(damaged)!;
        var bytes = new string('x', 5000);
        File.WriteAllText(damaged, bytes);
        var verified = Cli.Run("cache", "verify", "--cache", folder);
        Assert.Equal(1, verified.ExitCode);
        Assert.StartsWith($"error: The feature cache '{damaged}' is damaged", verified.Error, StringComparison.Ordinal);
        var embedded = Cli.Run("embed", fixture.Photos, "--out", fixture.NewFile("damaged.npy"), "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", folder);
        Assert.Equal(0, embedded.ExitCode);
        Assert.Contains("warning: The feature cache", embedded.Error, StringComparison.Ordinal);
        Assert.Contains($"{damaged}.damaged-1", embedded.Error, StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllText($"{damaged}.damaged-1"));
        Assert.Equal(0, Cli.Run("cache", "verify", "--cache", folder).ExitCode);
    }

    [Fact]
    public void A_run_that_is_killed_loses_no_more_than_what_was_in_hand_and_the_next_ends_in_the_same_bytes()
    {
        using var folder = new TempFolder();
        // Large enough for the kill to come before the end.
        for (var i = 0; i < 400; i++) File.WriteAllBytes(folder.File("photos", $"{i:000}.png"), TestImage.NoisyPng(150, 100, ((byte)i, (byte)(i / 2), 7), i));
        var (photos, cache) = (Path.Combine(folder.Path, "photos"), Path.Combine(folder.Path, "cache"));
        var undisturbed = folder.File("undisturbed.npy");
        Assert.Equal(0, Cli.Run(Embed(photos, undisturbed, "none")).ExitCode);

        // Its tables alone are 200 kB in the log, and each commit is about 100.
        var random = new Random(5);
        var killed = folder.File("killed.npy");
        for (var i = 0; i < Kills; i++) KillWhenLogIs(random.Next(400_000, 1_000_000), Path.Combine(cache, "features-2.sqlite-wal"), Embed(photos, killed, cache));
        var resumed = Cli.Run(Embed(photos, killed, cache));
        Assert.Equal(0, resumed.ExitCode);
        Assert.DoesNotContain("warning", resumed.Error, StringComparison.Ordinal);
        Assert.True(resumed.Json.GetProperty("cached").GetInt32() > 0, resumed.Output);
        Assert.Equal(File.ReadAllBytes(undisturbed), File.ReadAllBytes(killed));
        Assert.Equal(0, Cli.Run("cache", "verify", "--cache", cache).ExitCode);
    }

    private string[] Embed(string photos, string output, string cache) =>
        ["embed", photos, "--out", output, "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", cache, "--json"];

    /// <summary>Kills the run as soon as its write-ahead log has so many bytes, unless it ends before.</summary>
    private static void KillWhenLogIs(long bytes, string log, string[] arguments)
    {
        using var process = Process.Start(Cli.Command(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        while (!process.WaitForExit(1) && !(new FileInfo(log) is { Exists: true } file && file.Length >= bytes))
        {
        }

        process.Kill();
        process.WaitForExit();
        Task.WaitAll(output, error);
    }
}
