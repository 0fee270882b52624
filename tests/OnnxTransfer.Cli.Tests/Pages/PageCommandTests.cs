using System.CommandLine;
using System.Text.RegularExpressions;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests.Pages;

/// <summary>Every command that a page prints is one of the command line, and runs as printed.</summary>
public sealed partial class PageCommandTests(PageFolder folder) : IClassFixture<PageFolder>
{
    /// <summary>The commands that need what a test machine does not have: a part of the line, and why.</summary>
    private static readonly (string Part, string Why)[] s_cannotRun =
    [
        ("hf:Xenova/clip-vit-base-patch32", "it downloads a model of 350 MB"),
        ("--provider cuda", "it needs an NVIDIA card"),
        ("--architecture vgg16", "its weights are a file of 58 MB"),
        ("model.keras", "Keras writes this file"),
    ];

    public static TheoryData<string, int> Printed => Data(_ => true);

    public static TheoryData<string, int> Runnable => Data(command => WhyNot(command) is null);

    [Theory]
    [MemberData(nameof(Printed))]
    public void A_printed_command_is_one_of_the_command_line(string page, int line) => Assert.Empty(WrongUsage.In(Program.Root().Parse(Find(page, line).Arguments)));

    [UnixTheory]
    [MemberData(nameof(Runnable))]
    public void A_printed_command_runs(string page, int line)
    {
        var text = PageFolder.WithNamesOfTheFolder(Find(page, line));
        var result = folder.Run(text);
        Assert.True(result.ExitCode == 0, $"{text}\nended with {result.ExitCode}:\n{result.Error}{result.Output}");
        Assert.DoesNotContain("error:", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_reason_not_to_run_is_needed() =>
        Assert.All(s_cannotRun, reason => Assert.Contains(PageCommand.All(), command => command.Text.Contains(reason.Part, StringComparison.Ordinal)));

    /// <summary>Options stand in sentences and tables too.</summary>
    [Fact]
    public void A_printed_option_exists()
    {
        // The pages also have options of onnxtransfer-cluster, whose own tests parse its commands.
        var cluster = Directory.EnumerateFiles(Repository.PathOf("src", "OnnxTransfer.Cluster"), "*.cs", SearchOption.AllDirectories).SelectMany(file => OptionLiteral().Matches(File.ReadAllText(file)));
        var known = Options(Program.Root()).Concat(cluster.Select(literal => literal.Groups[1].Value)).ToHashSet(StringComparer.Ordinal);
        var unknown = PageCommand.Pages().SelectMany(page => OptionSpan().Matches(File.ReadAllText(Repository.PathOf(page))).SelectMany(span => OptionName().Matches(span.Value)).Select(name => $"{page}: {name.Value}"))
            .Where(one => !known.Contains(one.Split(' ')[1])).Distinct();
        Assert.Empty(unknown);
    }

    /// <summary>A sentence names a command without all that it needs, but never an option that it does not have.</summary>
    [Fact]
    public void A_command_in_a_sentence_exists()
    {
        var wrong = PageCommand.Pages().SelectMany(page => CommandSpan().Matches(File.ReadAllText(Repository.PathOf(page))).Select(span => (Page: page, Text: span.Groups[1].Value)))
            .SelectMany(one => WrongUsage.In(Program.Root().Parse(PageCommand.Split(one.Text)))
                .Where(sentence => sentence.Contains("is no ", StringComparison.Ordinal)).Select(sentence => $"{one.Page}: {one.Text}: {sentence}"));
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("onnxtransfer predict flowers.onnx unknown.jpg --tpo 3")]
    [InlineData("onnxtransfer trian flower_photos --out flowers.onnx")]
    [InlineData("onnxtransfer train flower_photos    # no --out")]
    [InlineData("find . | onnxtransfer embed --lisst - --out v.npz | cat")]
    [InlineData("onnxtransfer train flower_photos --out flowers.onnx --head tree")]
    public void A_line_that_is_none_is_found(string text)
    {
        var command = Assert.Single(PageCommand.In("page.md", ["```", text, "```"]));
        Assert.NotEmpty(WrongUsage.In(Program.Root().Parse(command.Arguments)));
    }

    [Fact]
    public void A_line_is_read_as_a_shell_reads_it()
    {
        var command = Assert.Single(PageCommand.In("page.md", ["onnxtransfer not in a block", "```", "find . | onnxtransfer predict a.onnx 'b c/**' \\", "    --list - | jq   # onnxtransfer", "```"]));
        Assert.Equal(["predict", "a.onnx", "b c/**", "--list", "-"], command.Arguments);
        Assert.Equal(3, command.Line);
    }

    [Fact]
    public void The_pages_have_commands()
    {
        var pages = PageCommand.All().Select(command => command.Page).ToHashSet();
        foreach (var page in new[] { "README.md", "docs/getting-started.md", "docs/tutorials/flowers.md", "docs/tutorials/cats-and-dogs.md", "docs/tutorials/bottlenecks.md", "docs/tutorials/cifar-10.md" }) Assert.Contains(page, pages);
    }

    /// <summary>Why a line cannot run here; null where it can.</summary>
    private static string? WhyNot(PageCommand command)
    {
        foreach (var (part, why) in s_cannotRun)
        {
            if (command.Text.Contains(part, StringComparison.Ordinal)) return why;
        }

        if (command.Text.Contains(".tflite", StringComparison.Ordinal)) return "the converter's tests run it on the real file";
        if (command.Text.Contains(".h5", StringComparison.Ordinal) && PythonFactAttribute.Missing is { } missing) return missing;
        return command.Text.Contains("| jq ", StringComparison.Ordinal) && !HasProgram("jq") ? "needs jq" : null;
    }

    private static bool HasProgram(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));

    private static IEnumerable<string> Options(Command command) => command.Options.Select(option => option.Name).Concat(command.Subcommands.SelectMany(Options));

    private static TheoryData<string, int> Data(Func<PageCommand, bool> isWanted)
    {
        var data = new TheoryData<string, int>();
        foreach (var command in PageCommand.All().Where(isWanted)) data.Add(command.Page, command.Line);
        return data;
    }

    private static PageCommand Find(string page, int line) => PageCommand.All().Single(command => (command.Page, command.Line) == (page, line));

    [GeneratedRegex(@"(?<!`)`--[^`\n]*`")]
    private static partial Regex OptionSpan();

    [GeneratedRegex(@"(?<![\w-])--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"""(--[a-z][a-z0-9-]*)""")]
    private static partial Regex OptionLiteral();

    [GeneratedRegex(@"(?<!`)`onnxtransfer ([^`]*)`")]
    private static partial Regex CommandSpan();
}
