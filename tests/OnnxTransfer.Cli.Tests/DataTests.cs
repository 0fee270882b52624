using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Every shape of DATA, through the processes that a user starts.</summary>
public sealed class DataTests(Fixture fixture) : IClassFixture<Fixture>
{
    private CliResult Train(string data, string output, params string[] more) => Cli.Run(
        ["train", data, "--out", fixture.NewFile(output), "--backbone", fixture.Backbone, "--epochs", "40", "--lr", "0.05", "--provider", "cpu", "--cache", "none", "--json", .. more]);

    [Fact]
    public void Folders_of_sets_are_used_as_sets_by_train_and_evaluate()
    {
        var data = Path.Combine(fixture.Folder, "sets");
        Fixture.WritePhotos(Path.Combine(data, "train"), perClass: 10, seed: 3);
        Fixture.WritePhotos(Path.Combine(data, "valid"), perClass: 3, seed: 4);
        Fixture.WritePhotos(Path.Combine(data, "test"), perClass: 4, seed: 5);
        var trained = Train(data, "sets.onnx");
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal(["blue", "green", "red"], trained.Json.GetProperty("classes").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal((30, 9, 12), Counts(trained.Json));
        Assert.Contains("valid for validation", trained.Error, StringComparison.Ordinal);

        var evaluated = Cli.Run("evaluate", Path.Combine(fixture.Folder, "sets.onnx"), data, "--cache", "none", "--json");
        Assert.Equal(12, evaluated.Json.GetProperty("count").GetInt32());
        Assert.Contains("test set: 12 of 51 images", evaluated.Error, StringComparison.Ordinal);

        var split = Train(data, "split.onnx", "--split", "80/10/10");
        Assert.Equal(2, split.ExitCode);
        Assert.Contains("already divided into sets", split.Error, StringComparison.Ordinal);
        Assert.Equal("", split.Output);

        Directory.Delete(Path.Combine(data, "test", "red"), recursive: true);
        var uneven = Train(data, "uneven.onnx");
        Assert.Equal(1, uneven.ExitCode);
        Assert.Contains("lacks 'red'", uneven.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("labels.csv", ",")]
    [InlineData("labels.tsv", "\t")]
    public void A_table_names_images_classes_sets_and_weights(string name, string separator)
    {
        var rows = Photos().Select((photo, i) => string.Join(separator, $"photos/{photo}", photo.Split('/')[0], i % 5 == 0 ? "test" : i % 5 == 1 ? "val" : "train", "2"));
        var table = fixture.NewFile(name);
        File.WriteAllLines(table, [string.Join(separator, "where", "what", "part", "importance"), .. rows]);
        string[] columns = ["--image-column", "where", "--label-column", "what", "--split-column", "part", "--weight-column", "importance"];
        var trained = Train(table, name + ".onnx", columns);
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal((54, 18, 18), Counts(trained.Json));
        Assert.True(trained.Json.GetProperty("test").GetProperty("accuracy").GetDouble() > 0.9);
        Assert.Contains("weight in column 'importance'", trained.Error, StringComparison.Ordinal);

        var unknown = Train(table, "unknown.onnx", "--image-column", "photo");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains($"{table}:1: there is no column 'photo'", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("where", unknown.Error, StringComparison.Ordinal);
        var evaluated = Cli.Run(["evaluate", Path.Combine(fixture.Folder, name + ".onnx"), table, "--cache", "none", "--json", .. columns]);
        Assert.Equal(18, evaluated.Json.GetProperty("count").GetInt32());
    }

    [Fact]
    public void Json_lines_with_the_usual_names_need_no_options()
    {
        var table = fixture.NewFile("labels.jsonl");
        File.WriteAllLines(table, Photos().Select(photo => $$"""{"file_name": "photos/{{photo}}", "label": "{{photo.Split('/')[0]}}"}"""));
        var trained = Train(table, "jsonl.onnx");
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal((72, 9, 9), Counts(trained.Json));
    }

    [Fact]
    public void Sets_of_ones_own_are_given_by_val_and_test()
    {
        var (validation, test, other) = (Path.Combine(fixture.Folder, "own-val"), Path.Combine(fixture.Folder, "own-test"), Path.Combine(fixture.Folder, "own-other"));
        Fixture.WritePhotos(validation, perClass: 4, seed: 7);
        Fixture.WritePhotos(test, perClass: 5, seed: 8);
        var trained = Train(fixture.Photos, "own.onnx", "--val", validation, "--test", test);
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal((90, 12, 15), Counts(trained.Json));

        Fixture.WritePhotos(other, perClass: 2, seed: 9);
        Directory.Move(Path.Combine(other, "red"), Path.Combine(other, "rouge"));
        var refused = Train(fixture.Photos, "other.onnx", "--test", other);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("'rouge'", refused.Error, StringComparison.Ordinal);
        Assert.Contains("'red'", refused.Error, StringComparison.Ordinal);
    }

    [LinuxFact]
    public void Whatever_is_not_used_is_said_by_kind_and_names_that_are_not_utf8_are_never_lost()
    {
        var data = Path.Combine(fixture.Folder, "mixed");
        Fixture.WritePhotos(data, perClass: 6, seed: 11);
        foreach (var name in new[] { "photo.jpg?w=200", "noextension", "photo.jfif" }) File.WriteAllBytes(Path.Combine(data, "red", name), TestImage.NoisyPng(20, 20, (210, 40, 30), name.Length));
        foreach (var name in new[] { ".DS_Store", "._red-00.png", "Thumbs.db" }) File.WriteAllText(Path.Combine(data, "red", name), "x");
        File.WriteAllText(Path.Combine(data, "red", "readme.md"), "text");
        using (var shell = Process.Start("/bin/sh", ["-c", $"cd '{data}' && mkdir \"$(printf 'caf\\351')\" && mkfifo green/pipe.png && touch \"$(printf 'green/caf\\351.png')\""])) shell.WaitForExit();

        var trained = Train(data, "mixed.onnx");
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal(21, trained.Json.GetProperty("embed").GetProperty("images").GetInt32());
        Assert.Contains("not used: 3 hidden, 1 pipe or device, 1 text, 2 with a name that is not UTF-8", trained.Error, StringComparison.Ordinal);
        Assert.Contains("caf\uFFFD: The folder's name is not UTF-8", trained.Error, StringComparison.Ordinal);
        Assert.Contains("pipe.png: This is a named pipe", trained.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Thumbs.db", trained.Error, StringComparison.Ordinal);
        Assert.Equal(7, trained.Json.GetProperty("unused").GetArrayLength());
        using (var shell = Process.Start("/bin/sh", ["-c", $"rm -r '{data}'"])) shell.WaitForExit();
    }

    [UnprivilegedFact, UnsupportedOSPlatform("windows")]
    public void A_classifier_or_table_that_may_not_be_read_is_named()
    {
        using var folder = new TempFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0x1FF);
        foreach (var (name, arguments) in new (string, string[])[] { ("c.onnx", ["predict", folder.File("c.onnx"), "x.jpg"]), ("t.csv", ["train", folder.File("t.csv"), "--out", folder.File("o.onnx")]) })
        {
            File.WriteAllText(folder.File(name), "secret");
            File.SetUnixFileMode(folder.File(name), UnixFileMode.None);
            var result = Unprivileged.Run(arguments);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains($"'{folder.File(name)}' could not be read: ", result.Error, StringComparison.Ordinal);
        }
    }

    [UnprivilegedFact, UnsupportedOSPlatform("windows")]
    public void A_folder_that_may_not_be_read_is_listed_and_the_run_goes_on()
    {
        const UnixFileMode Everybody = (UnixFileMode)0x1FF;
        using var folder = new TempFolder();
        File.SetUnixFileMode(folder.Path, Everybody);
        Fixture.WritePhotos(folder.Path, perClass: 2, seed: 12);
        TinyBackbone.Write(folder.File("tiny.onnx"));
        var locked = Directory.CreateDirectory(folder.File("red", "locked"));
        File.SetUnixFileMode(locked.FullName, UnixFileMode.None);
        var result = Unprivileged.Run("embed", folder.Path, "--out", Path.Combine(folder.Path, "x.npy"), "--backbone", folder.File("tiny.onnx"), "--provider", "cpu", "--cache", "none");
        File.SetUnixFileMode(locked.FullName, Everybody);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("6 vectors", result.Output, StringComparison.Ordinal);
        Assert.Contains($"{locked.FullName}: The folder could not be listed: access is denied.", result.Error, StringComparison.Ordinal);
        Assert.Contains("1 unreadable", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "80/30/10", "--split", "80/30/10")]
    [InlineData(1, "--out", "--out", "/nowhere/at/all.onnx")]
    [InlineData(1, "--report", "--report", "/nowhere/at/all.html")]
    [InlineData(1, "mobilnet", "--backbone", "mobilnet")]
    [InlineData(1, "no.onnx", "--backbone", "no.onnx")]
    [InlineData(2, "--epochs", "--epochs", "0")]
    [InlineData(2, "--max-bad", "--max-bad", "5")]
    [InlineData(2, "--threads", "--threads", "100000")]
    [InlineData(2, "Dropout", "--optimizer", "lbfgs", "--head", "mlp")]
    public void A_wrong_option_is_said_before_the_data_are_looked_at(int exitCode, string part, params string[] option)
    {
        // The folder is not there: whoever looked at it first would say so.
        string[] output = option[0] == "--out" ? [] : ["--out", fixture.NewFile("never.onnx")];
        string[] backbone = option[0] == "--backbone" ? [] : ["--backbone", fixture.Backbone];
        var result = Cli.Run(["train", "no-such-folder", .. output, .. backbone, .. option]);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(part, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("no-such-folder", result.Error, StringComparison.Ordinal);
    }

    [SharedFact("data/flowers")]
    public void Real_photos_are_trained_on_by_a_table_as_by_their_folders()
    {
        var photos = Repository.SharedPath("data", "flowers");
        var table = fixture.NewFile("flowers.csv");
        File.WriteAllLines(table, ["file,species", .. Directory.EnumerateDirectories(photos).Order(StringComparer.Ordinal)
            .SelectMany(folder => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)).Select(file => $"{file},{Path.GetFileName(Path.GetDirectoryName(file))}")]);
        var (byFolder, byTable) = (Train(photos, "by-folder.onnx"), Train(table, "by-table.onnx"));
        Assert.Equal((0, 0), (byFolder.ExitCode, byTable.ExitCode));
        Assert.Equal(byFolder.Json.GetProperty("epochs").EnumerateArray().Select(epoch => epoch.GetProperty("trainLoss").GetDouble()), byTable.Json.GetProperty("epochs").EnumerateArray().Select(epoch => epoch.GetProperty("trainLoss").GetDouble()));
    }

    private IEnumerable<string> Photos() => Directory.EnumerateFiles(fixture.Photos, "*.png", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(fixture.Photos, path).Replace('\\', '/')).Order(StringComparer.Ordinal);

    private static (int Train, int Validation, int Test) Counts(JsonElement json) =>
        (json.GetProperty("train").GetProperty("count").GetInt32(), json.GetProperty("validation").GetProperty("count").GetInt32(), json.GetProperty("test").GetProperty("count").GetInt32());
}
