using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>The photos, and a classifier that tells their colors apart.</summary>
public sealed class ColorsFixture : Fixture
{
    public ColorsFixture()
    {
        Classifier = NewFile("colors.onnx");
        var trained = Cli.Run("train", Photos, "--out", Classifier, "--backbone", Backbone, "--provider", "cpu", "--epochs", "30", "--lr", "0.05");
        Assert.True(trained.ExitCode == 0, trained.Error);
    }

    internal string Classifier { get; }
}

/// <summary>Folders, patterns and lists of images; rows in files that grow.</summary>
public sealed class ManyImagesTests(ColorsFixture fixture) : IClassFixture<ColorsFixture>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folders_patterns_files_and_lists_give_rows_in_their_order()
    {
        var csv = _folder.File("rows.csv");
        var list = _folder.File("list.txt");
        // Line ends of both kinds, an empty line, a byte order mark, and no line end at the end.
        File.WriteAllText(list, $"{Photo("red", 3)}\r\n\n{Photo("red", 2)}", new System.Text.UTF8Encoding(true));
        var result = Cli.Run("predict", fixture.Classifier, Photo("green", 9), Path.Combine(fixture.Photos, "blue"), Path.Combine(fixture.Photos, "red", "red-0[12].*"), "--list", list, "--csv", csv, "--top", "2");
        Assert.True(result.ExitCode == 0, result.Error);
        string[] expected = [Photo("green", 9), .. Enumerable.Range(0, 30).Select(i => Photo("blue", i)), Photo("red", 1), Photo("red", 2), Photo("red", 3), Photo("red", 2)];
        var rows = File.ReadAllLines(csv);
        Assert.Equal("path,label,probability,label_2,probability_2,error,warnings", rows[0]);
        Assert.Equal(expected, rows.Skip(1).Select(row => row.Split(',')[0]));
        Assert.All(rows.Skip(1), row => Assert.Equal(Path.GetFileName(Path.GetDirectoryName(row.Split(',')[0])), row.Split(',')[1]));
        Assert.StartsWith("35 images in ", result.Output, StringComparison.Ordinal);
        Assert.EndsWith($"0 could not be used, saved {csv}\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_rows_are_the_same_in_every_form()
    {
        var (csv, lines) = (_folder.File("rows.csv"), _folder.File("rows.jsonl"));
        var broken = _folder.File("in", "broken, \"quoted\".jpg");
        File.WriteAllText(broken, "no image");
        File.Copy(Photo("red", 1), _folder.File("in", "a.png"));
        var result = Cli.Run("predict", fixture.Classifier, _folder.File("in"), "--csv", csv, "--jsonl", lines, "--json");
        Assert.Equal(1, result.ExitCode);
        var array = result.Json.EnumerateArray().ToList();
        var parsed = File.ReadAllLines(lines).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(array.Select(Compact), parsed.Select(Compact));
        Assert.Equal(2, array.Count);
        Assert.Equal("red", array[0].GetProperty("label").GetString());
        Assert.Contains("broken", result.Error, StringComparison.Ordinal);
        var rows = File.ReadAllLines(csv);
        Assert.StartsWith($"{_folder.File("in", "a.png")},red,{array[0].GetProperty("probability").GetSingle().ToString(CultureInfo.InvariantCulture)},", rows[1], StringComparison.Ordinal);
        Assert.StartsWith($"\"{broken.Replace("\"", "\"\"", StringComparison.Ordinal)}\",,,,,,,", rows[2], StringComparison.Ordinal);

        foreach (var (option, file) in new[] { ("--csv", csv), ("--jsonl", lines) })
        {
            var onOutput = Cli.Run("predict", fixture.Classifier, _folder.File("in"), option, "-");
            Assert.Equal(File.ReadAllText(file), onOutput.Output);
        }
    }

    [Fact]
    public async Task A_list_on_standard_input_is_read_as_it_comes()
    {
        var start = Cli.Command(["predict", fixture.Classifier, "--list", "-", "--jsonl", "-", "--cache", "none"]);
        (start.RedirectStandardInput, start.Environment["ONNXTRANSFER_HOME"]) = (true, _folder.Path);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        for (var i = 0; i < 30; i++) await process.StandardInput.WriteLineAsync(Photo("red", i));
        process.StandardInput.Close();
        var rows = (await process.StandardOutput.ReadToEndAsync()).TrimEnd().Split('\n');
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => Photo("red", i)), rows.Select(row => JsonDocument.Parse(row).RootElement.GetProperty("path").GetString()));
        Assert.Equal("", await error);
    }

    [Fact]
    public void The_cache_of_embed_serves_predict()
    {
        var cache = _folder.File("cache");
        Assert.Equal(0, Cli.Run("embed", fixture.Photos, "--out", _folder.File("v.npy"), "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", cache).ExitCode);
        var stored = Cli.Run("cache", "info", "--cache", cache, "--json");
        var before = stored.Json.GetProperty("models")[0].GetProperty("vectors").GetInt64();
        Assert.Equal(0, Cli.Run("predict", fixture.Classifier, fixture.Photos, "--csv", _folder.File("r.csv"), "--cache", cache, "--provider", "cpu").ExitCode);
        stored = Cli.Run("cache", "info", "--cache", cache, "--json");
        Assert.Equal(before, Assert.Single(stored.Json.GetProperty("models").EnumerateArray()).GetProperty("vectors").GetInt64());
    }

    [Theory]
    [InlineData("needs INPUT or --list FILE|-")]
    [InlineData("--csv and --json would both write", "a.jpg", "--csv", "-", "--json")]
    [InlineData("--csv and --jsonl would both write", "a.jpg", "--csv", "-", "--jsonl", "-")]
    public void Contradictions_are_wrong_usage(string words, params string[] arguments)
    {
        foreach (var command in new[] { new[] { "predict", fixture.Classifier }, ["classify"] })
        {
            var result = Cli.Run([.. command, .. arguments]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Inputs_that_are_not_there_are_said_before_the_work()
    {
        foreach (var (arguments, words) in new (string[], string)[] { (["--list", "nowhere.txt"], "nowhere.txt"), (["*.nothing"], "names no image"), (["--list", _folder.Path], "is a folder") })
        {
            var result = Cli.Run(["predict", fixture.Classifier, .. arguments, "--csv", _folder.File("never.csv")]);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(words, result.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(_folder.File("never.csv")));
        }

        File.WriteAllBytes(_folder.File("latin.txt"), [0xE9, (byte)'.', (byte)'j', (byte)'\n']);
        Assert.Contains("is not UTF-8", Cli.Run("predict", fixture.Classifier, "--list", _folder.File("latin.txt")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".npz")]
    [InlineData(".parquet")]
    [InlineData(".safetensors")]
    [InlineData(".csv")]
    [InlineData(".npy")]
    public void Embed_writes_the_format_that_the_extension_names(string extension)
    {
        var output = _folder.File("v" + extension);
        var result = Cli.Run("embed", Path.Combine(fixture.Photos, "*", "*-00.png"), "--out", output, "--backbone", fixture.Backbone, "--provider", "cpu", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(3, result.Json.GetProperty("rows").GetInt32());
        Assert.Equal(extension == ".npy" ? 2 : 1, Directory.GetFiles(_folder.Path).Length);
        if (extension != ".csv") return;
        Assert.Equal(["blue", "green", "red"], File.ReadAllLines(output).Skip(1).Select(row => row.Split(',')[1]));
    }

    [Theory]
    [InlineData("v.xyz", "one of .csv, .npy, .npz, .parquet, .safetensors")]
    public void Embed_refuses_an_extension_that_names_no_format(string name, string words)
    {
        var result = Cli.Run("embed", fixture.Photos, "--out", _folder.File(name), "--backbone", fixture.Backbone);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Embed_does_not_replace_a_json_that_it_did_not_write()
    {
        var settings = _folder.File("v.json");
        File.WriteAllText(settings, "{}");
        var result = Cli.Run("embed", fixture.Photos, "--out", _folder.File("v.npy"), "--backbone", fixture.Backbone, "--provider", "cpu");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("v.json", result.Error, StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(settings));
        Assert.Equal([settings], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("photos", "photos/roses/1.jpg", "roses")]
    [InlineData("photos", "photos/roses/2024/may/1.jpg", "roses")]
    [InlineData("photos", "photos/1.jpg", null)]
    [InlineData("photos", "photos/train/roses/1.jpg", "roses")]
    [InlineData("photos", "photos/train/1.jpg", "train")]
    [InlineData(".", "./roses/1.jpg", "roses")]
    [InlineData("", "roses/1.jpg", "roses")]
    [InlineData("", "1.jpg", null)]
    [InlineData("", "/elsewhere/x/1.jpg", "x")]
    [InlineData("photos/", "photos/roses/1.jpg", "roses")]
    [InlineData("photos", "photos2/roses/1.jpg", "roses")]
    [InlineData("photos/roses|photos/tulips", "photos/tulips/5.jpg", "tulips")]
    [InlineData("photos/roses|photos/tulips", "photos/tulips/deep/5.jpg", "deep")]
    [InlineData(null, "roses/1.jpg", "roses")]
    [InlineData(null, "1.jpg", null)]
    [InlineData(null, "../1.jpg", null)]
    [InlineData("elsewhere", "roses/1.jpg", "roses")]
    public void The_label_of_an_image_is_its_class_folder(string? folder, string path, string? label) =>
        Assert.Equal(label, new Commands.ImageInputs([], 0, [], folder?.Split('|') ?? []).LabelOf(path));

    [LinuxTheory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void Finished_rows_stay_when_the_run_is_stopped(string signal, int code)
    {
        var bytes = File.ReadAllBytes(Photo("red", 0));
        Directory.CreateDirectory(_folder.File("many"));
        for (var i = 0; i < 20_000; i++) File.WriteAllBytes(_folder.File("many", $"{i:00000}.png"), [.. bytes, .. BitConverter.GetBytes(i)]);
        var csv = _folder.File("rows.csv");
        // The file can be followed while it grows.
        var stopped = Cli.Stop(
            signal, _folder.Path, () => File.Exists(csv) && new FileInfo(csv).Length >= 500,
            ["predict", fixture.Classifier, _folder.File("many"), "--csv", csv, "--cache", "none", "--provider", "cpu", "--threads", "1"]);

        Assert.Equal(code, stopped.ExitCode);
        var text = File.ReadAllText(csv);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var rows = text.TrimEnd().Split('\n').Skip(1).ToList();
        Assert.InRange(rows.Count, 1, 19_999);
        Assert.Equal(Enumerable.Range(0, rows.Count).Select(i => _folder.File("many", $"{i:00000}.png")), rows.Select(row => row.Split(',')[0]));
        Assert.Contains($"canceled after {rows.Count} images; their rows are in {csv}", stopped.Error, StringComparison.Ordinal);
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);

    private string Photo(string color, int number) => Path.Combine(fixture.Photos, color, $"{color}-{number:00}.png");
}
