using System.Globalization;
using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>Which photos are wrong, how sure an answer is, and what if it is none of the classes.</summary>
public sealed class EvidenceTests(ColorsFixture fixture) : IClassFixture<ColorsFixture>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_image_of_an_evaluation_has_its_row_and_every_mistake_its_copy()
    {
        // Two photos of another color in the folder of the greens.
        var data = _folder.File("data");
        Fixture.WritePhotos(data, perClass: 6, seed: 3);
        File.Copy(Path.Combine(data, "red", "red-00.png"), Path.Combine(data, "green", "wrong one.png"));
        File.Copy(Path.Combine(data, "blue", "blue-00.png"), Path.Combine(data, "green", "wrong, two.png"));
        File.WriteAllText(Path.Combine(data, "green", "broken.png"), "no image");
        var (csv, mistakes) = (_folder.File("rows.csv"), _folder.File("mistakes"));
        string[] command = ["evaluate", fixture.Classifier, data, "--cache", "none", "--provider", "cpu"];
        var result = Cli.Run([.. command, "--json", "--csv", csv, "--copy-mistakes", mistakes]);
        Assert.True(result.ExitCode == 0, result.Error);

        var images = result.Json.GetProperty("images").EnumerateArray().ToList();
        Assert.Equal(21, images.Count);
        Assert.Equal(2, images.Count(image => !image.GetProperty("correct").GetBoolean() && image.TryGetProperty("predicted", out _)));
        var broken = Assert.Single(images, image => image.TryGetProperty("error", out _));
        Assert.EndsWith("broken.png", broken.GetProperty("path").GetString(), StringComparison.Ordinal);
        Assert.Equal(18 / 20.0, result.Json.GetProperty("accuracy").GetDouble(), 12);
        Assert.InRange(result.Json.GetProperty("accuracyInterval").GetProperty("low").GetDouble(), 0.6, 0.7);
        Assert.InRange(result.Json.GetProperty("macroF1").GetDouble(), 0.85, 0.95);

        var rows = File.ReadAllLines(csv);
        Assert.Equal("path,label,predicted,probability,label_probability,correct,split,error", rows[0]);
        Assert.Equal(21, rows.Length - 1);
        Assert.Contains(rows, row => row.StartsWith($"\"{Path.Combine(data, "green", "wrong, two.png")}\",green,blue,", StringComparison.Ordinal) && row.Contains(",false,", StringComparison.Ordinal));

        Assert.Equal([Path.Combine(mistakes, "green", "blue", "wrong, two.png"), Path.Combine(mistakes, "green", "red", "wrong one.png")], Directory.GetFiles(mistakes, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.Contains($"copied 2 mistakes to {mistakes}", result.Error, StringComparison.Ordinal);

        var again = Cli.Run([.. command, "--copy-mistakes", mistakes]);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("is not empty", again.Error, StringComparison.Ordinal);
        var report = _folder.File("report.html");
        var text = Cli.Run([.. command, "--report", report]);
        Assert.Contains("accuracy 90.0% (95% interval 69.9% to 97.2%)", text.Output, StringComparison.Ordinal);
        Assert.Contains("macro F1 0.9", text.Output, StringComparison.Ordinal);
        Assert.Contains(">wrong one.png</span>", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.Contains("Accuracy by coverage", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.DoesNotContain("\\u", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.Equal(File.ReadAllText(csv), Cli.Run([.. command, "--csv", "-"]).Output);
        Assert.Equal(2, Cli.Run([.. command, "--csv", "-", "--json"]).ExitCode);
    }

    [Fact]
    public void Calibration_and_the_threshold_are_in_the_file_and_used_by_predict()
    {
        var (plain, calibrated) = (_folder.File("plain.onnx"), _folder.File("calibrated.onnx"));
        // Few steps: the probabilities are timid, and some predictions wrong.
        string[] train = ["train", fixture.Photos, "--backbone", fixture.Backbone, "--provider", "cpu", "--epochs", "2", "--lr", "0.002", "--split", "40/40/20", "--out"];
        Assert.Equal(0, Cli.Run([.. train, plain]).ExitCode);
        var trained = Cli.Run([.. train, calibrated, "--calibrate", "--unknown-below", "0.99999", "--json"]);
        Assert.True(trained.ExitCode == 0, trained.Error);
        var calibration = trained.Json.GetProperty("calibration");
        Assert.Equal(36, calibration.GetProperty("images").GetInt32());
        Assert.True(calibration.GetProperty("lossAfter").GetDouble() <= calibration.GetProperty("lossBefore").GetDouble());

        var photos = Directory.GetFiles(Path.Combine(fixture.Photos, "red")).Order(StringComparer.Ordinal).Take(5).ToArray();
        var before = Cli.Run(["predict", plain, .. photos, "--json", "--top", "3"]).Json.EnumerateArray().ToList();
        var after = Cli.Run(["predict", calibrated, .. photos, "--json", "--top", "3", "--coverage", "0.9"]).Json.EnumerateArray().ToList();
        var inverse = 1 / calibration.GetProperty("temperature").GetDouble();
        foreach (var (one, other) in before.Zip(after))
        {
            var powers = Probabilities(one).ToDictionary(pair => pair.Key, pair => Math.Pow(pair.Value, inverse));
            foreach (var (label, p) in Probabilities(other)) Assert.Equal(powers[label] / powers.Values.Sum(), p, 1e-4);
            Assert.Equal("unknown", other.GetProperty("label").GetString());
            Assert.True(other.GetProperty("unknown").GetBoolean());
            Assert.False(one.TryGetProperty("unknown", out _));
            Assert.Equal(JsonValueKind.Array, other.GetProperty("set").ValueKind);
        }

        // The command line wins over the file.
        var csv = Cli.Run(["predict", calibrated, .. photos, "--csv", "-", "--top", "1", "--unknown-below", "0", "--coverage", "0.5"]).Output.Split('\n');
        Assert.Equal("path,label,probability,set,error,warnings", csv[0]);
        Assert.DoesNotContain("unknown", csv[1], StringComparison.Ordinal);
        Assert.Contains("unknown", Cli.Run(["predict", calibrated, .. photos]).Output, StringComparison.Ordinal);
        Assert.Contains("every set has all classes", Cli.Run(["predict", calibrated, .. photos, "--coverage", "0.999"]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_validation_images_nothing_is_calibrated()
    {
        var result = Cli.Run("train", fixture.Photos, "--out", _folder.File("c.onnx"), "--backbone", fixture.Backbone, "--split", "90/0/10", "--calibrate");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("has no validation set", result.Error, StringComparison.Ordinal);
        var photo = Path.Combine(fixture.Photos, "red", "red-00.png");
        var sets = Cli.Run("predict", fixture.Classifier, photo, "--coverage", "0.9");
        Assert.Equal(2, sets.ExitCode);
        Assert.Contains("train it with --calibrate", sets.Error, StringComparison.Ordinal);
        foreach (var (option, value) in new[] { ("--coverage", "0,9"), ("--coverage", "1"), ("--unknown-below", "1.5"), ("--unknown-below", "0,5"), ("--unknown-below", "high") })
        {
            var wrong = Cli.Run("predict", fixture.Classifier, photo, option, value);
            Assert.Equal(2, wrong.ExitCode);
            Assert.Contains($"{option} {value}", wrong.Error, StringComparison.Ordinal);
        }
    }

    private static Dictionary<string, double> Probabilities(JsonElement row) =>
        row.GetProperty("top").EnumerateArray().ToDictionary(one => one.GetProperty("label").GetString()!, one => Convert.ToDouble(one.GetProperty("probability").GetSingle(), CultureInfo.InvariantCulture));
}
