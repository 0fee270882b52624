using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What is mistyped is named, with what was probably meant, and nothing else is said or done.</summary>
public sealed class WrongUsageTests
{
    [Theory]
    [InlineData("trian photos", "'trian' is no command of `onnxtransfer`: did you mean train?")]
    [InlineData("frobnicate", "'frobnicate' is no command of `onnxtransfer`; see `onnxtransfer --help`.")]
    [InlineData("models pul x", "'pul' is no command of `onnxtransfer models`: did you mean pull?")]
    [InlineData("--versoin", "'--versoin' is no option of `onnxtransfer`: did you mean --version?")]
    [InlineData("embed --otu x.npy a.jpg --out y.npy", "'--otu' is no option of `onnxtransfer embed`: did you mean --out? A file of this name is given as ./--otu.")]
    [InlineData("embed --otu=x.npy a.jpg --out y.npy", "'--otu=x.npy' is no option of `onnxtransfer embed`: did you mean --out? A file of this name is given as ./--otu=x.npy.")]
    [InlineData("predict flowers.onnx a.jpg --tpo 3", "'--tpo' is no option of `onnxtransfer predict`: did you mean --top? A file of this name is given as ./--tpo.")]
    [InlineData("doctor --jsno", "'--jsno' is no option of `onnxtransfer doctor`: did you mean --json?")]
    [InlineData("predict flowers.onnx -z", "'-z' is no option of `onnxtransfer predict`; see `onnxtransfer --help`. A file of this name is given as ./-z.")]
    [InlineData("", "`onnxtransfer` needs one of train, evaluate, predict,")]
    [InlineData("models", "`onnxtransfer models` needs one of list, pull,")]
    [InlineData("predict flowers.onnx", "`onnxtransfer predict` needs INPUT or --list FILE|-.")]
    [InlineData("train photos", "`onnxtransfer train` needs --out FILE.onnx.")]
    [InlineData("train photos --out", "--out needs FILE.onnx behind it.")]
    [InlineData("train photos --out x.onnx --out y.onnx", "--out is given twice: give it once.")]
    [InlineData("train photos more --out x.onnx", "'more' is more than `onnxtransfer train` takes, which is DATA and options:")]
    [InlineData("train photos --out x.onnx --epochs none", "--epochs none: it must be a whole number")]
    [InlineData("train photos --out x.onnx --epochs 99999999999", "--epochs 99999999999: it must be a whole number of at most 2147483647.")]
    [InlineData("train photos --out x.onnx --epochs 1,000", "--epochs 1,000: it must be a whole number")]
    [InlineData("train photos --out x.onnx --lr 0,005", "--lr 0,005: it must be a number greater than 0.")]
    [InlineData("train photos --out x.onnx --epochs 0", "--epochs must be at least 1.")]
    [InlineData("train photos --out x.onnx --patience -1", "--patience must be at least 1.")]
    [InlineData("train photos --out x.onnx --l2 -1", "--l2 -1: it must be a number of at least 0.")]
    [InlineData("train photos --out x.onnx --l1 0,1", "--l1 0,1: it must be a number of at least 0.")]
    [InlineData("train photos --out x.onnx --label-smoothing 1", "--label-smoothing 1: it must be at least 0 and less than 1.")]
    [InlineData("train photos --out x.onnx --dropout 2", "--dropout 2: it must be at least 0 and less than 1.")]
    [InlineData("train photos --out x.onnx --hidden 0", "--hidden 0: it must be whole numbers from 1 with commas between them")]
    [InlineData("train photos --out x.onnx --schedule step", "--schedule step is not one of constant, cosine, plateau.")]
    [InlineData("train photos --out x.onnx --backbone resnet18 --schedule cosine", "A cosine schedule ends at the last step, so it needs the number of epochs:")]
    [InlineData("train photos --out x.onnx --head tree", "--head tree is not one of mlp, sigmoid, softmax.")]
    [InlineData("train photos --out x.onnx --provider tpu", "--provider tpu is not one of auto,")]
    [InlineData("embed a.jpg --out v.foo", "--out v.foo: the extension names the format")]
    [InlineData("embed a.jpg --out v.npy --shard 1/2", "--shard has a meaning only with a feature set")]
    [InlineData("embed a.jpg --out v.npy --part-size 8", "--part-size has a meaning only with a feature set")]
    [InlineData("embed a.jpg --out v/ --shard 3/2", "--shard 3/2: it must be K/N with K from 1 to N")]
    [InlineData("embed a.jpg --out v/ --shard 0/2", "--shard 0/2: it must be K/N with K from 1 to N")]
    [InlineData("features train v --out x.onnx --memory 8", "--memory must be at least 256.")]
    [InlineData("features merge --out v", "`onnxtransfer features merge` needs DIR.")]
    [InlineData("completion csh", "csh is not one of bash, zsh, fish, pwsh.")]
    public void The_sentence_says_what_and_what_instead(string line, string sentence)
    {
        var result = Cli.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"error: {sentence}", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_file_with_the_name_of_an_option_can_be_given()
    {
        var result = Cli.Run("predict", "no-such.onnx", "--", "-x.jpg");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no-such.onnx", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Every option that names a file to write is checked before anything that takes time: no model, no image and no folder exists here.</summary>
    [Theory]
    [MemberData(nameof(Outputs))]
    public void A_file_that_cannot_be_written_is_refused_first(string line, string option)
    {
        using var folder = new TempFolder();
        // The name is one that every command takes, so that only the place is wrong.
        var taken = Directory.CreateDirectory(Path.Combine(folder.Path, "taken.npy")).FullName;
        foreach (var (target, why) in ((string, string)[])[(Path.Combine(folder.Path, "none", "x.npy"), "there is no folder"), (taken, "is a folder"), ("/proc/x.npy", "may not make files")])
        {
            if (target.StartsWith("/proc", StringComparison.Ordinal) && !OperatingSystem.IsLinux()) continue;
            var result = Cli.Run([.. line.Split(' '), option, target]);
            Assert.Equal((1, ""), (result.ExitCode, result.Output));
            Assert.StartsWith($"error: {option}: '{target}' ", result.Error, StringComparison.Ordinal);
            Assert.Contains(why, result.Error, StringComparison.Ordinal);
        }

        Assert.Equal([taken], Directory.GetFileSystemEntries(folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Every_option_that_writes_a_file_is_in_the_matrix()
    {
        static IEnumerable<string> Of(System.CommandLine.Command command, string path) =>
            command.Options.OfType<Commands.OutputOption>().Select(option => $"{path} {option.Name}")
                .Concat(command.Subcommands.SelectMany(one => Of(one, $"{path} {one.Name}".Trim())));

        // This one takes a folder alone.
        const string Folder = "features merge --out";
        var covered = Outputs().Select(row => $"{CommandOf((string)row[0])} {row[1]}");
        Assert.Equal(Of(Program.Root(), "").Where(option => option != Folder).Order(StringComparer.Ordinal), covered.Order(StringComparer.Ordinal));

        static string CommandOf(string line) => string.Join(' ', line.Split(' ').Take(line.StartsWith("models", StringComparison.Ordinal) || line.StartsWith("features", StringComparison.Ordinal) ? 2 : 1));
    }

    public static IEnumerable<object[]> Outputs() =>
    [
        ["train no-such-folder", "--out"], ["train no-such-folder --out x.onnx", "--report"], ["evaluate no-such.onnx no-such-folder", "--report"], ["embed no-such.jpg", "--out"],
        ["evaluate no-such.onnx no-such-folder", "--csv"], ["predict no-such.onnx no-such.jpg", "--csv"], ["predict no-such.onnx no-such.jpg", "--jsonl"], ["classify no-such.jpg", "--csv"],
        ["classify no-such.jpg", "--jsonl"], ["predict no-such.onnx no-such.jpg", "--html"], ["classify no-such.jpg", "--html"], ["check no-such-folder", "--csv"],
        ["check no-such-folder", "--html"], ["similar no-such.jpg no-such-folder", "--csv"], ["similar no-such.jpg no-such-folder", "--html"], ["explain no-such.onnx no-such.jpg", "--out"],
        ["models cut no-such.onnx --at x", "--out"], ["models weights no-such.onnx --from no-such", "--out"], ["models draw no-such.onnx --filters", "--out"], ["models convert no-such.tflite", "--out"],
        ["features train no-such", "--out"], ["features export no-such", "--out"],
    ];

    [Theory]
    [InlineData("onnxtransfer tr", "train")]
    [InlineData("onnxtransfer models cu", "cut")]
    [InlineData("onnxtransfer train photos --opt", "--optimizer")]
    [InlineData("onnxtransfer train photos --optimizer l", "lbfgs")]
    [InlineData("onnxtransfer train photos --pooling cls4", "cls4+mean")]
    [InlineData("onnxtransfer predict f.onnx --augment fl", "flip")]
    public void A_shell_completes_what_is_typed(string line, string word)
    {
        var result = Cli.Run("complete", "--position", line.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), "--", line);
        Assert.Equal((0, $"{word}\n"), (result.ExitCode, result.Output.ReplaceLineEndings("\n")));
    }

    [LinuxTheory]
    [InlineData("onnxtransfer embed --back", "--backbone")]
    public void Bash_completes_with_the_script(string line, string word)
    {
        var script = Cli.Run("completion", "bash").Output;
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("try.sh"), $"onnxtransfer() {{ dotnet '{typeof(Program).Assembly.Location}' \"$@\"; }}\n{script}COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; _onnxtransfer; echo \"${{COMPREPLY[@]}}\"\n");
        using var bash = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("bash", [folder.File("try.sh")]) { RedirectStandardOutput = true })!;
        Assert.Equal($"{word}\n", bash.StandardOutput.ReadToEnd());
    }
}
