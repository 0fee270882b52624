using System.Text.Json;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class TrainTests(Fixture fixture) : IClassFixture<Fixture>
{
    private string[] Train(string output, params string[] more) =>
        ["train", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, .. more.Contains("--epochs") ? (string[])[] : ["--epochs", "40"], "--lr", "0.05", "--provider", "cpu", .. more];

    [Fact]
    public void Evaluate_compares_two_classifiers_of_the_same_classes()
    {
        var (good, poor, report) = (fixture.NewFile("good.onnx"), fixture.NewFile("poor.onnx"), fixture.NewFile("against.html"));
        Assert.Equal(0, Cli.Run(Train(good)).ExitCode);
        // Two steps from zero, up and over: not all photos are told apart yet.
        Assert.Equal(0, Cli.Run("train", fixture.Photos, "--out", poor, "--backbone", fixture.Backbone, "--epochs", "1", "--batch-size", "90", "--lr", "1e-9", "--provider", "cpu", "--seed", "3").ExitCode);

        var json = Cli.Run("evaluate", good, fixture.Photos, "--against", poor, "--report", report, "--cache", "none", "--json");
        Assert.Equal(0, json.ExitCode);
        var against = json.Json.GetProperty("against");
        Assert.Equal(90, against.GetProperty("count").GetInt32());
        Assert.Equal(json.Json.GetProperty("accuracy").GetDouble(), against.GetProperty("accuracy").GetDouble(), 1e-12);
        Assert.Equal(json.Json.GetProperty("loss").GetDouble(), against.GetProperty("loss").GetDouble(), 1e-6);
        var other = Cli.Run("evaluate", poor, fixture.Photos, "--cache", "none", "--json").Json;
        Assert.Equal(other.GetProperty("accuracy").GetDouble(), against.GetProperty("otherAccuracy").GetDouble(), 1e-12);
        Assert.Equal(other.GetProperty("loss").GetDouble(), against.GetProperty("otherLoss").GetDouble(), 1e-6);
        Assert.Equal(
            against.GetProperty("difference").GetDouble() * 90, against.GetProperty("gained").GetArrayLength() - against.GetProperty("lost").GetArrayLength(), 1e-6);
        Assert.True(against.GetProperty("gained").GetArrayLength() > 5, json.Output);
        Assert.InRange(against.GetProperty("pValue").GetDouble(), 0, 0.1);

        var page = File.ReadAllText(report);
        Assert.Contains("id=\"against\"", page, StringComparison.Ordinal);
        Assert.Contains("Right here, wrong by poor.onnx", page, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(against.GetProperty("gained")[0].GetString()!), page, StringComparison.Ordinal);

        var text = Cli.Run("evaluate", good, fixture.Photos, "--against", poor, "--cache", "none");
        Assert.Contains($"against {poor} on 90 images", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("against", Cli.Run("evaluate", good, fixture.Photos, "--cache", "none").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Classifiers_of_other_classes_are_not_compared()
    {
        var (three, two) = (fixture.NewFile("three.onnx"), fixture.NewFile("two.onnx"));
        Assert.Equal(0, Cli.Run(Train(three, "--keep-features", "--epochs", "2")).ExitCode);
        Assert.Equal(0, Cli.Run("train", "--extend", three, "--remove", "red", "--out", two, "--cache", "none").ExitCode);
        var refused = Cli.Run("evaluate", three, fixture.Photos, "--against", two, "--cache", "none");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("knows the classes blue, green, and", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_prints_one_json_document_and_saves_a_classifier_that_evaluate_and_predict_open()
    {
        var classifier = fixture.NewFile("colors.onnx");
        var trained = Cli.Run(Train(classifier, "--split", "70/10/20", "--json"));
        Assert.Equal("", trained.Error.Contains("error", StringComparison.Ordinal) ? trained.Error : "");
        Assert.Equal(0, trained.ExitCode);
        var json = trained.Json;
        Assert.Equal(["blue", "green", "red"], json.GetProperty("classes").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal("cpu", json.GetProperty("executionProvider").GetString());
        Assert.Equal("tiny", json.GetProperty("backbone").GetProperty("id").GetString());
        Assert.Equal(TinyBackbone.Dim, json.GetProperty("backbone").GetProperty("dim").GetInt32());
        Assert.Equal(90, json.GetProperty("embed").GetProperty("images").GetInt32());
        Assert.Equal(40, json.GetProperty("epochs").GetArrayLength());
        Assert.Equal(63, json.GetProperty("train").GetProperty("count").GetInt32());
        Assert.Equal(9, json.GetProperty("validation").GetProperty("count").GetInt32());
        Assert.Equal(18, json.GetProperty("test").GetProperty("count").GetInt32());
        Assert.True(json.GetProperty("test").GetProperty("accuracy").GetDouble() >= 0.95, trained.Output);
        Assert.Equal(0, json.GetProperty("skipped").GetArrayLength());

        var evaluated = Cli.Run("evaluate", classifier, fixture.Photos, "--json");
        Assert.Equal(0, evaluated.ExitCode);
        Assert.Equal(90, evaluated.Json.GetProperty("count").GetInt32());
        var confusion = evaluated.Json.GetProperty("confusion").EnumerateArray().SelectMany(row => row.EnumerateArray()).Sum(cell => cell.GetInt32());
        Assert.Equal(90, confusion);

        var red = Path.Combine(fixture.Photos, "red", "red-03.png");
        var predicted = Cli.Run("predict", classifier, red, "--top", "2", "--json");
        Assert.Equal(0, predicted.ExitCode);
        var first = predicted.Json[0];
        Assert.Equal("red", first.GetProperty("label").GetString());
        Assert.Equal(2, first.GetProperty("index").GetInt32());
        Assert.Equal(2, first.GetProperty("top").GetArrayLength());
    }

    /// <summary>Photos in the wrong folders are mistakes that are known beforehand, and each kind of mistake is another number.</summary>
    [Fact]
    public void Evaluate_gives_a_row_for_each_true_class_and_a_column_for_each_prediction()
    {
        var classifier = fixture.NewFile("confusing.onnx");
        Assert.Equal(0, Cli.Run(Train(classifier)).ExitCode);
        int[][] confusion = [[4, 1, 2], [3, 5, 0], [6, 0, 7]];
        string[] labels = ["blue", "green", "red"];
        var folder = fixture.NewFile("confusing", "x");
        folder = Path.GetDirectoryName(folder)!;
        for (var truth = 0; truth < 3; truth++)
        {
            Directory.CreateDirectory(Path.Combine(folder, labels[truth]));
            for (var predicted = 0; predicted < 3; predicted++)
            {
                for (var i = 0; i < confusion[truth][predicted]; i++)
                    File.Copy(Path.Combine(fixture.Photos, labels[predicted], $"{labels[predicted]}-{i + (10 * truth):00}.png"), Path.Combine(folder, labels[truth], $"{labels[predicted]}-{i}.png"));
            }
        }

        var json = Cli.Run("evaluate", classifier, folder, "--json", "--provider", "cpu").Json;
        Assert.Equal(confusion, json.GetProperty("confusion").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.GetInt32()).ToArray()));
        var blue = json.GetProperty("perClass")[0];
        Assert.Equal((4 / 13.0, 4 / 7.0, 7), (blue.GetProperty("precision").GetDouble(), blue.GetProperty("recall").GetDouble(), blue.GetProperty("support").GetInt32()));

        var page = fixture.NewFile("confusing.html");
        var text = Cli.Run("evaluate", classifier, folder, "--report", page, "--provider", "cpu").Output;
        Assert.Contains("confusion (rows: true class, columns: predicted)\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(
            ["blue green red", "blue 4 1 2", "green 3 5 0", "red 6 0 7"],
            text.TrimEnd().Split('\n').TakeLast(4).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))));
        Assert.Contains("red predicted as blue: 6 of 13", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Contains("blue predicted as red: 2 of 7", File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_and_evaluate_write_reports()
    {
        var (classifier, trained, evaluated) = (fixture.NewFile("reported.onnx"), fixture.NewFile("train.html"), fixture.NewFile("evaluate.html"));
        var result = Cli.Run(Train(classifier, "--report", trained, "--json"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(3, result.Json.GetProperty("classes").GetArrayLength());
        Assert.Contains("Loss by epoch", File.ReadAllText(trained), StringComparison.Ordinal);

        Assert.Equal(0, Cli.Run("evaluate", classifier, fixture.Photos, "--report", evaluated).ExitCode);
        var page = File.ReadAllText(evaluated);
        Assert.Contains("90 evaluation images", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Loss by epoch", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_that_cannot_be_written_is_refused_before_the_work()
    {
        var classifier = fixture.NewFile("unreported.onnx");
        var result = Cli.Run(Train(classifier, "--report", Path.Combine(fixture.Folder, "nowhere", "report.html")));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--report", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(classifier));
    }

    [Theory]
    [InlineData("--optimizer", "lbfgs")]
    [InlineData("--optimizer", "sgd")]
    [InlineData("--head", "mlp", "--lr", "0.001")]
    [InlineData("--random-batches", "40", "--optimizer", "sgd", "--lr", "0.01")]
    public void Other_optimizers_and_heads_train_save_and_predict(params string[] options)
    {
        var classifier = fixture.NewFile(string.Concat(options).TrimStart('-') + ".onnx");
        string[] command = ["train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--epochs", "30", "--provider", "cpu", "--json", .. options];
        var trained = Cli.Run(command);
        Assert.Equal(0, trained.ExitCode);
        var evaluated = Cli.Run("evaluate", classifier, fixture.Photos, "--json");
        Assert.True(evaluated.Json.GetProperty("accuracy").GetDouble() > 0.9, evaluated.Output);
    }

    [Fact]
    public void One_sigmoid_output_is_for_two_classes_and_no_more()
    {
        var two = Path.GetDirectoryName(fixture.NewFile("two", "photos"))!;
        foreach (var label in new[] { "blue", "red" })
        {
            Directory.CreateDirectory(Path.Combine(two, label));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(fixture.Photos, label))) File.Copy(file, Path.Combine(two, label, Path.GetFileName(file)));
        }

        var classifier = fixture.NewFile("sigmoid.onnx");
        string[] options = ["--backbone", fixture.Backbone, "--head", "sigmoid", "--optimizer", "rmsprop", "--epochs", "30", "--provider", "cpu", "--json"];
        var trained = Cli.Run(["train", two, "--out", classifier, .. options]);
        Assert.Equal(0, trained.ExitCode);
        Assert.Equal(1, Cli.Run("evaluate", classifier, two, "--json").Json.GetProperty("accuracy").GetDouble());

        var refused = Cli.Run(["train", fixture.Photos, "--out", classifier, .. options]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("two classes", refused.Error);
    }

    [Fact]
    public void The_same_command_and_seed_write_the_same_bytes_and_another_seed_others()
    {
        var (first, second, other) = (fixture.NewFile("a.onnx"), fixture.NewFile("b.onnx"), fixture.NewFile("c.onnx"));
        Assert.Equal(0, Cli.Run(Train(first)).ExitCode);
        Assert.Equal(0, Cli.Run(Train(second)).ExitCode);
        Assert.Equal(0, Cli.Run(Train(other, "--seed", "2")).ExitCode);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        Assert.NotEqual(File.ReadAllBytes(first), File.ReadAllBytes(other));
    }

    [Fact]
    public void Unusable_images_are_listed_with_their_own_reasons_and_max_bad_0_fails_the_run()
    {
        using var folder = new TempFolder();
        Fixture.WritePhotos(folder.Path, perClass: 8, seed: 2);
        var whole = TestImage.NoisyPng(64, 64, (200, 30, 30), 7);
        File.WriteAllBytes(folder.File("red", "truncated.png"), whole[..(whole.Length / 2)]);
        File.WriteAllBytes(folder.File("red", "empty.jpg"), []);
        File.WriteAllText(folder.File("green", "text.jpg"), "I am no picture.");
        File.WriteAllBytes(folder.File("blue", "bomb.png"), TestImage.Bomb(30_000, 30_000));
        File.WriteAllBytes(folder.File("single", "one.png"), TestImage.NoisyPng(20, 20, (250, 250, 10), 9));
        var classifier = fixture.NewFile("skipping.onnx");
        string[] command = ["train", folder.Path, "--out", classifier, "--backbone", fixture.Backbone, "--provider", "cpu", "--json"];

        var trained = Cli.Run([.. command, "--max-bad", "0.5"]);
        Assert.Equal(0, trained.ExitCode);
        var skipped = trained.Json.GetProperty("skipped").EnumerateArray()
            .ToDictionary(s => Path.GetFileName(s.GetProperty("path").GetString()!), s => s.GetProperty("reason").GetString()!);
        Assert.Equal(["bomb.png", "text.jpg", "empty.jpg", "truncated.png"], skipped.Keys);
        Assert.Equal(4, skipped.Values.Distinct().Count());
        Assert.Contains("30000x30000", skipped["bomb.png"], StringComparison.Ordinal);
        Assert.Contains("empty.jpg", trained.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(classifier));

        File.Delete(classifier);
        var failed = Cli.Run([.. command, "--max-bad", "0"]);
        Assert.Equal(1, failed.ExitCode);
        Assert.All(skipped, image => Assert.Contains(image.Key, failed.Error, StringComparison.Ordinal));
        Assert.All(skipped, image => Assert.Contains(image.Value, failed.Error, StringComparison.Ordinal));
        Assert.Equal("", failed.Output);
        Assert.False(File.Exists(classifier));
    }

    [Fact]
    public void Predict_goes_on_after_a_bad_image_lists_it_and_exits_1()
    {
        var classifier = fixture.NewFile("bad.onnx");
        Assert.Equal(0, Cli.Run(Train(classifier)).ExitCode);
        var bad = fixture.NewFile("bad.jpg");
        File.WriteAllText(bad, "no image");
        var green = Path.Combine(fixture.Photos, "green", "green-01.png");
        var result = Cli.Run("predict", classifier, bad, green, "--json");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(2, result.Json.GetArrayLength());
        Assert.True(result.Json[0].TryGetProperty("error", out _));
        Assert.Equal("green", result.Json[1].GetProperty("label").GetString());
        Assert.Contains(bad, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_json_results_are_a_table_on_stdout_and_notes_on_stderr()
    {
        var result = Cli.Run(Train(fixture.NewFile("table.onnx")));
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("validation accuracy", result.Output, StringComparison.Ordinal);
        Assert.Contains("images in 3 classes", result.Error, StringComparison.Ordinal);
        Assert.ThrowsAny<JsonException>(() => result.Json);
    }

    [Fact]
    public void Without_epochs_the_training_ends_where_it_has_settled_and_a_number_means_exactly_that()
    {
        string[] command = ["train", fixture.Photos, "--out", fixture.NewFile("settled.onnx"), "--backbone", fixture.Backbone, "--provider", "cpu", "--split", "80/0/20"];
        var settled = Cli.Run([.. command, "--json"]).Json;
        Assert.Equal("converged", settled.GetProperty("stopped").GetString());
        Assert.True(settled.GetProperty("l2").GetDouble() > 0);
        // 72 images are 3 steps an epoch, and 34 epochs are a window of 100 steps.
        var epochs = settled.GetProperty("epochs").GetArrayLength();
        Assert.Equal(0, epochs % 34);
        Assert.InRange(epochs, 68, 3400);
        var exact = Cli.Run([.. command, "--json", "--epochs", "7"]).Json;
        Assert.Equal((7, "completed"), (exact.GetProperty("epochs").GetArrayLength(), exact.GetProperty("stopped").GetString()));

        // The table shows some of them, the first and the last included, and says how it ended.
        var table = Cli.Run(command);
        Assert.Contains("ended where the objective had settled", table.Output, StringComparison.Ordinal);
        var numbers = table.Output.Split('\n').Skip(1).TakeWhile(line => line.Contains('%', StringComparison.Ordinal)).Select(line => int.Parse(line.TrimStart().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.InRange(numbers.Count, 21, 22);
        Assert.Equal((0, epochs), (numbers[0], numbers[^1]));
    }

    [Theory]
    [InlineData("--l2", "0.5")]
    [InlineData("--l1", "0.1")]
    [InlineData("--standardize")]
    [InlineData("--balance-classes")]
    [InlineData("--label-smoothing", "0.2")]
    [InlineData("--schedule", "cosine")]
    [InlineData("--schedule", "plateau")]
    [InlineData("--patience", "2")]
    [InlineData("--hidden", "8,4")]
    [InlineData("--dropout", "0.5", "--hidden", "8")]
    public void Every_option_of_a_head_reaches_the_training_and_its_record(params string[] options)
    {
        var (plain, other) = (fixture.NewFile("plain.onnx"), fixture.NewFile(string.Concat(options).TrimStart('-') + ".onnx"));
        Assert.Equal(0, Cli.Run(Train(plain, "--epochs", "5")).ExitCode);
        Assert.Equal(0, Cli.Run(Train(other, ["--epochs", "5", .. options])).ExitCode);
        Assert.NotEqual(File.ReadAllBytes(plain), File.ReadAllBytes(other));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "--head", "mlp")]
    [InlineData(true, "--hidden", "8")]
    [InlineData(true, "--head", "mlp", "--hidden", "8,4")]
    public void Hidden_layers_are_in_the_saved_head(bool hidden, params string[] options)
    {
        var output = fixture.NewFile($"hidden{string.Concat(options)}.onnx");
        Assert.Equal(0, Cli.Run(Train(output, ["--epochs", "2", .. options])).ExitCode);
        // Only a linear head has a class activation map.
        var explained = Cli.Run("explain", output, Path.Combine(fixture.Photos, "red", "red-03.png"), "--out", fixture.NewFile("overlay.png"));
        Assert.Equal(hidden, explained.Error.Contains("hidden", StringComparison.Ordinal));
    }

    [Fact]
    public void A_head_that_nothing_limits_is_said_and_the_default_has_a_limit()
    {
        string[] command = ["train", fixture.Photos, "--out", fixture.NewFile("unbounded.onnx"), "--backbone", fixture.Backbone, "--provider", "cpu", "--split", "80/0/20", "--optimizer", "lbfgs"];
        Assert.Contains("nothing limits its weights", Cli.Run([.. command, "--l2", "0"]).Error, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing limits its weights", Cli.Run(command).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("100", true)]
    [InlineData("0.001", false)]
    public void A_loss_above_that_of_guessing_is_said(string rate, bool said)
    {
        var result = Cli.Run("train", fixture.Photos, "--out", fixture.NewFile("rate.onnx"), "--backbone", fixture.Backbone, "--provider", "cpu", "--cache", "none", "--epochs", "1", "--lr", rate);
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(said, result.Error.Contains("try a smaller --lr", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_in_8_bits_says_what_that_costs_and_the_saved_file_stays_in_8_bits()
    {
        var output = fixture.NewFile("int8.onnx");
        var result = Cli.Run("train", fixture.Photos, "--out", output, "--backbone", fixture.Backbone, "--provider", "cpu", "--precision", "int8", "--json");
        Assert.Equal(0, result.ExitCode);
        var precision = result.Json.GetProperty("precision");
        Assert.Equal("int8", precision.GetProperty("used").GetString());
        Assert.InRange(precision.GetProperty("similarity").GetDouble(), 0.99, 1.0001);
        Assert.True(precision.GetProperty("speedup").GetDouble() > 0);
        Assert.Contains("computing in int8", result.Error, StringComparison.Ordinal);

        var evaluation = Cli.Run("evaluate", output, fixture.Photos, "--provider", "cpu", "--json");
        Assert.Equal(0, evaluation.ExitCode);
    }

    [Fact]
    public void The_first_row_is_the_head_before_its_training_and_a_page_shows_what_it_says_after()
    {
        var (classifier, page) = (fixture.NewFile("start.onnx"), fixture.NewFile("start.html"));
        var trained = Cli.Run(Train(classifier, "--split", "70/10/20"));
        Assert.Matches(@"\n +0 +1\.0986 +33\.3% +1\.0986 +33\.3% *\r?\n +1 ", trained.Output);

        var predicted = Cli.Run("predict", classifier, fixture.Photos, "--html", page);
        Assert.Equal(0, predicted.ExitCode);
        Assert.Contains("red-29.png", predicted.Output, StringComparison.Ordinal);
        Assert.Equal(90, File.ReadAllText(page).Split("<img ").Length - 1);
        Assert.Contains("The most probable class of 90 images by tiny", File.ReadAllText(page), StringComparison.Ordinal);
    }
}
