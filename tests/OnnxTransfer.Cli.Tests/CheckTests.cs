using System.Text.Json;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What <c>check</c> and <c>similar</c> print, write and return, and what <c>train</c> says about leaks.</summary>
public sealed class CheckTests(Fixture fixture) : IClassFixture<Fixture>
{
    [Fact]
    public void Findings_are_in_the_table_the_json_the_csv_and_the_page()
    {
        var photos = Copies();
        var (csv, html) = (fixture.NewFile("check.csv"), fixture.NewFile("check.html"));
        var result = Cli.Run("check", photos, "--backbone", fixture.Backbone, "--cache", "none", "--csv", csv, "--html", html);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("duplicates: 1", result.Output, StringComparison.Ordinal);
        Assert.Contains("contradictions: 1", result.Output, StringComparison.Ordinal);
        Assert.Contains("unreadable: 1", result.Output, StringComparison.Ordinal);

        var json = Cli.Run("check", photos, "--backbone", fixture.Backbone, "--cache", "none", "--json");
        Assert.Equal(0, json.ExitCode);
        Assert.Equal((1, 1, 0), (Count(json, "duplicates"), Count(json, "contradictions"), Count(json, "leaks")));
        var finding = json.Json.GetProperty("findings").EnumerateArray().Single(one => one.GetProperty("kind").GetString() == "contradictions");
        Assert.Equal("red", finding.GetProperty("image").GetProperty("label").GetString());
        Assert.EndsWith("blue-03.png", finding.GetProperty("other").GetProperty("path").GetString(), StringComparison.Ordinal);

        var rows = File.ReadAllLines(csv);
        Assert.Equal("kind,image,label,split,other,other_label,other_split,suggested,score,text", rows[0]);
        Assert.Equal(json.Json.GetProperty("findings").GetArrayLength(), rows.Length - 1);
        Assert.Contains(rows, row => row.StartsWith("duplicates,", StringComparison.Ordinal) && row.Contains("red-copy.png", StringComparison.Ordinal));
        Assert.Contains("red-copy.png", File.ReadAllText(html), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("duplicates", 1, "1 duplicates")]
    [InlineData("leaks,unreadable", 1, "1 unreadable")]
    [InlineData("leaks", 0, "")]
    [InlineData("any", 1, "1 contradictions")]
    public void Fail_on_decides_the_exit_code(string kinds, int code, string said)
    {
        var result = Cli.Run("check", Copies(), "--backbone", fixture.Backbone, "--cache", "none", "--fail-on", kinds);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--fail-on", "duplicate", "--fail-on duplicate is not one of any, blurred, contradictions")]
    [InlineData("--folds", "1", "--folds must be at least 2")]
    public void Wrong_values_are_wrong_usage(string option, string value, string said)
    {
        var result = Cli.Run("check", fixture.Photos, option, value);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_warns_of_leaks_unless_told_not_to_look()
    {
        var test = fixture.NewFile("test");
        foreach (var color in new[] { "blue", "green", "red" })
        {
            Directory.CreateDirectory(Path.Combine(test, color));
            File.Copy(Path.Combine(fixture.Photos, color, $"{color}-05.png"), Path.Combine(test, color, "again.png"));
        }

        string[] train = ["train", fixture.Photos, "--test", test, "--out", fixture.NewFile("leaky.onnx"), "--backbone", fixture.Backbone, "--cache", "none", "--json"];
        var warned = Cli.Run(train);
        Assert.Equal(0, warned.ExitCode);
        Assert.Contains("warning: 3 images are duplicates or near duplicates of images in another set", warned.Error, StringComparison.Ordinal);
        Assert.Equal(3, warned.Json.GetProperty("leaks").GetArrayLength());
        var leak = warned.Json.GetProperty("leaks")[0];
        Assert.Equal("test", leak.GetProperty("image").GetProperty("split").GetString());

        var silent = Cli.Run([.. train, "--ignore-duplicates"]);
        Assert.Equal(0, silent.ExitCode);
        Assert.DoesNotContain("near duplicates", silent.Error, StringComparison.Ordinal);

        var check = Cli.Run("check", fixture.Photos, "--test", test, "--backbone", fixture.Backbone, "--cache", "none", "--json", "--fail-on", "leaks");
        Assert.Equal(1, check.ExitCode);
        Assert.Equal(3, Count(check, "leaks"));
    }

    /// <summary>A line of a list may hold anything: what is no path is skipped by its name.</summary>
    [Fact]
    public void Similar_skips_lines_of_a_list_that_are_no_paths()
    {
        var query = Path.Combine(fixture.Photos, "red", "red-07.png");
        var list = fixture.NewFile("lines.txt");
        File.WriteAllText(list, $"{Path.Combine(fixture.Photos, "red", "red-06.png")}\nre\0d.png\n{query}\n");
        var result = Cli.Run("similar", query, "--list", list, "--backbone", fixture.Backbone, "--cache", "none");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("red-06.png", result.Output, StringComparison.Ordinal);
        Assert.Contains("This is not a valid file path.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Similar_prints_the_nearest_without_the_query()
    {
        var query = Path.Combine(fixture.Photos, "red", "red-07.png");
        var (csv, html) = (fixture.NewFile("similar.csv"), fixture.NewFile("similar.html"));
        var result = Cli.Run("similar", query, fixture.Photos, "--top", "4", "--backbone", fixture.Backbone, "--cache", "none", "--csv", csv, "--html", html);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(5, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("red-07.png", result.Output, StringComparison.Ordinal);
        Assert.Equal(5, File.ReadAllLines(csv).Length);
        Assert.Equal(5, File.ReadAllText(html).Split("<img ").Length - 1);

        var json = Cli.Run("similar", query, fixture.Photos, "--top", "4", "--backbone", fixture.Backbone, "--cache", "none", "--json");
        var images = json.Json.GetProperty("images").EnumerateArray().ToList();
        Assert.All(images, image => Assert.Contains("red", image.GetProperty("path").GetString(), StringComparison.Ordinal));
        Assert.Equal(images.Select(Cosine).OrderDescending(), images.Select(Cosine));

        // The same photos by a pattern and by a list.
        var list = fixture.NewFile("photos.txt");
        File.WriteAllLines(list, Directory.GetFiles(fixture.Photos, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        foreach (string[] inputs in (string[][])[[Path.Combine(fixture.Photos, "**", "*.png")], ["--list", list]])
            Assert.Equal(json.Json.GetProperty("images").GetRawText(), Cli.Run(["similar", query, .. inputs, "--top", "4", "--backbone", fixture.Backbone, "--cache", "none", "--json"]).Json.GetProperty("images").GetRawText());

        var alone = Cli.Run("similar", query, query, "--backbone", fixture.Backbone, "--cache", "none");
        Assert.Equal(1, alone.ExitCode);
        Assert.Contains("no usable image to compare with", alone.Error, StringComparison.Ordinal);

        static double Cosine(JsonElement image) => image.GetProperty("cosine").GetDouble();
    }

    /// <summary>The photos of the fixture, with one blue photo also among the red ones and a file that is no image.</summary>
    private string Copies()
    {
        var folder = fixture.NewFile($"copies-{Guid.NewGuid():N}");
        Fixture.WritePhotos(folder, perClass: 12, seed: 1);
        File.Copy(Path.Combine(folder, "blue", "blue-03.png"), Path.Combine(folder, "red", "red-copy.png"));
        File.WriteAllText(Path.Combine(folder, "green", "green-broken.png"), "no image");
        return folder;
    }

    private static int Count(CliResult result, string kind) => result.Json.GetProperty("counts").GetProperty(kind).GetInt32();
}
