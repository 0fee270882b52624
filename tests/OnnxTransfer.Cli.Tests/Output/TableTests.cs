using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests.Output;

public sealed class TableTests(Fixture fixture) : IClassFixture<Fixture>
{
    /// <summary>An escaped character is wider than the character.</summary>
    [LinuxFact]
    public void Columns_are_straight_beside_escaped_names()
    {
        var (classifier, folder) = (fixture.NewFile("straight.onnx"), fixture.NewFile("straight"));
        Assert.Equal(0, Cli.Run("train", fixture.Photos, "--out", classifier, "--backbone", fixture.Backbone, "--epochs", "3", "--provider", "cpu", "--cache", "none").ExitCode);
        Directory.CreateDirectory(folder);
        string[] names = ["a.png", "b\u001b[31m\u202e.png", "c.png"];
        foreach (var name in names) File.Copy(Path.Combine(fixture.Photos, "red", "red-03.png"), Path.Combine(folder, name));

        var result = Cli.Run("predict", classifier, folder, "--top", "1", "--cache", "none", "--provider", "cpu");
        Assert.Equal(0, result.ExitCode);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(1 + names.Length, lines.Length);
        Assert.Contains("b\\u001b[31m\\u202e.png", lines[2], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Equal(lines[0].Length, line.Length));
    }
}
