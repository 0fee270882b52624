using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Tests.Output;

public sealed class SafeWriterTests
{
    [Theory]
    [InlineData("plain é 漢 \t", "plain é 漢 \t")]
    [InlineData("a\u001b[31mred", "a\\u001b[31mred")]
    [InlineData("title\u001b]0;x\u0007", "title\\u001b]0;x\\u0007")]
    [InlineData("two\nlines\r", "two\\u000alines\\u000d")]
    [InlineData("c1\u009b2J", "c1\\u009b2J")]
    [InlineData("gpj.\u202ephoto", "gpj.\\u202ephoto")]
    [InlineData("\u2028\u2069\u007f", "\\u2028\\u2069\\u007f")]
    public void A_line_has_no_character_that_a_terminal_obeys(string name, string shown)
    {
        using var text = new StringWriter { NewLine = "\n" };
        using var writer = new SafeWriter(text);
        writer.WriteLine(name);
        Assert.Equal(shown + "\n", text.ToString());
        Assert.Equal(shown, SafeWriter.Escape(name));
    }

    [Fact]
    public void Text_of_several_lines_keeps_them()
    {
        using var text = new StringWriter();
        using var writer = new SafeWriter(text);
        writer.Write("one\ntwo\u001b");
        writer.Write('\u0007');
        writer.Write(['x', '\n'], 0, 2);
        Assert.Equal("one\ntwo\\u001b\\u0007x\n", text.ToString());
    }

    /// <summary>Names of files reach the terminal in errors, tables and lists of skipped images alike.</summary>
    [LinuxTheory]
    [InlineData("predict", "\u001b[2J.onnx", "x.jpg")]
    [InlineData("train", "\u001b[2J", "--out", "x.onnx")]
    [InlineData("embed", "\u001b[2J.jpg", "--out", "x.npy", "--backbone", "resnet18", "--cache", "none")]
    [InlineData("\u001b[2J")]
    [InlineData("doctor", "--\u001b[2J")]
    public void No_command_passes_the_codes_of_a_name_on(params string[] arguments)
    {
        var result = Cli.Run(arguments);
        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("\u001b", result.Output + result.Error, StringComparison.Ordinal);
        Assert.Contains("\\u001b[2J", result.Error, StringComparison.Ordinal);
    }
}
