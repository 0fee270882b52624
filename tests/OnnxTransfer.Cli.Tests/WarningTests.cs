using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Images that are used with a warning, and limits that refuse some: on standard error, in the JSON document and in the report.</summary>
public sealed class WarningTests(Fixture fixture) : IClassFixture<Fixture>
{
    private const string Words = "The PNG image is damaged: a checksum is wrong";

    [Theory]
    [InlineData("default")]
    [InlineData("libvips")]
    public void Embed_lists_a_damaged_image_and_uses_it(string decoder)
    {
        var damaged = Damaged();
        string[] command = ["embed", damaged, Sound(), "--out", fixture.NewFile($"{decoder}.npy"), "--backbone", fixture.Backbone, "--cache", "none", "--decoder", decoder, "--json"];
        var used = Cli.Run(command);
        Assert.Equal(0, used.ExitCode);
        Assert.Equal(2, used.Json.GetProperty("rows").GetInt32());
        IsAbout(damaged, Assert.Single(used.Json.GetProperty("warnings").EnumerateArray()));
        Assert.Contains("1 image used with a warning (--strict refuses it):", used.Error, StringComparison.Ordinal);
        Assert.Contains($"  {damaged}: {Words}", used.Error, StringComparison.Ordinal);

        var refused = Cli.Run([.. command, "--strict"]);
        Assert.Equal(0, refused.ExitCode);
        Assert.Equal(1, refused.Json.GetProperty("rows").GetInt32());
        Assert.Empty(refused.Json.GetProperty("warnings").EnumerateArray());
        Assert.Contains(Words, Assert.Single(refused.Json.GetProperty("skipped").EnumerateArray()).GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_lists_a_damaged_image_and_uses_it()
    {
        var (damaged, classifier) = (Damaged(), fixture.NewFile("warned.onnx"));
        Assert.Equal(0, Cli.Run(Train(fixture.Photos, classifier)).ExitCode);
        var result = Cli.Run("predict", classifier, damaged, Sound(), "--json", "--provider", "cpu");
        Assert.Equal(0, result.ExitCode);
        var warnings = result.Json.EnumerateArray().Select(image => image.GetProperty("warnings").EnumerateArray().Select(text => text.GetString()!).ToArray()).ToArray();
        Assert.StartsWith(Words, Assert.Single(warnings[0]), StringComparison.Ordinal);
        Assert.Empty(warnings[1]);
        Assert.Contains($"  {damaged}: {Words}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_and_evaluate_list_damaged_images_in_the_report_too()
    {
        var (folder, classifier, trained, evaluated) = (fixture.NewFile("doubtful", "."), fixture.NewFile("doubtful.onnx"), fixture.NewFile("doubtful.html"), fixture.NewFile("judged.html"));
        Fixture.WritePhotos(folder, perClass: 10, seed: 4);
        var damaged = Path.Combine(folder, "green", "green-03.png");
        Damage(damaged);
        foreach (var (result, page) in new[]
        {
            (Cli.Run([.. Train(folder, classifier), "--report", trained, "--json"]), trained),
            (Cli.Run("evaluate", classifier, folder, "--report", evaluated, "--json", "--provider", "cpu"), evaluated),
        })
        {
            Assert.Equal(0, result.ExitCode);
            var warning = Assert.Single(result.Json.GetProperty("warnings").EnumerateArray());
            Assert.Equal("green", warning.GetProperty("label").GetString());
            Assert.EndsWith("green-03.png", warning.GetProperty("path").GetString(), StringComparison.Ordinal);
            Assert.Contains(Words, result.Error, StringComparison.Ordinal);
            Assert.Contains("Doubtful images", File.ReadAllText(page), StringComparison.Ordinal);
            Assert.Contains(Words, File.ReadAllText(page), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("default")]
    [InlineData("libvips")]
    public void Max_pixels_skips_larger_images_and_names_the_limit(string decoder)
    {
        var (small, large) = (fixture.NewFile("small.png"), fixture.NewFile("large.png"));
        File.WriteAllBytes(small, TestImage.NoisyPng(30, 20, (9, 90, 200), 1));
        File.WriteAllBytes(large, TestImage.NoisyPng(30, 21, (9, 90, 200), 2));
        string[] command = ["embed", small, large, "--out", fixture.NewFile($"limit-{decoder}.npy"), "--backbone", fixture.Backbone, "--cache", "none", "--decoder", decoder, "--json"];
        Assert.Equal(2, Cli.Run([.. command, "--max-pixels", "630"]).Json.GetProperty("rows").GetInt32());
        var limited = Cli.Run([.. command, "--max-pixels", "629"]);
        Assert.Equal(0, limited.ExitCode);
        Assert.Equal(1, limited.Json.GetProperty("rows").GetInt32());
        var skipped = Assert.Single(limited.Json.GetProperty("skipped").EnumerateArray());
        Assert.Equal(large, skipped.GetProperty("path").GetString());
        Assert.Contains("30x21 pixels, more than the limit of 629", skipped.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains("large.png", limited.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("many")]
    [InlineData("1.5")]
    public void Max_pixels_that_is_no_number_of_pixels_is_wrong_usage(string value)
    {
        var result = Cli.Run("embed", Sound(), "--out", fixture.NewFile("none.npy"), "--backbone", fixture.Backbone, "--max-pixels", value);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--max-pixels", result.Error, StringComparison.Ordinal);
    }

    private string[] Train(string photos, string output) =>
        ["train", photos, "--out", output, "--backbone", fixture.Backbone, "--epochs", "10", "--lr", "0.05", "--provider", "cpu", "--cache", "none"];

    private string Sound() => Path.Combine(fixture.Photos, "red", "red-00.png");

    private string Damaged()
    {
        var path = fixture.NewFile("damaged.png");
        if (File.Exists(path)) return path;
        File.Copy(Sound(), path);
        Damage(path);
        return path;
    }

    /// <summary>Changes the checksum of the pixels, which is before the last chunk of twelve bytes.</summary>
    private static void Damage(string path)
    {
        var file = File.ReadAllBytes(path);
        file[^14] ^= 1;
        File.WriteAllBytes(path, file);
    }

    private static void IsAbout(string path, JsonElement warning)
    {
        Assert.Equal(path, warning.GetProperty("path").GetString());
        Assert.StartsWith(Words, warning.GetProperty("text").GetString(), StringComparison.Ordinal);
    }
}
