using System.CommandLine;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests;

public sealed class NamesTests
{
    [Fact]
    public void Names_have_American_spelling() => Assert.Empty(AmericanSpelling.Violations(typeof(Program).Assembly));

    [Fact]
    public void The_help_has_American_spelling() => Assert.Empty(
        from symbol in Symbols(Program.Root())
        from word in AmericanSpelling.WordsOf($"{symbol.Name} {symbol.Description} {(symbol as Option)?.HelpName}")
        select $"{symbol.Name}: {word}");

    [Fact]
    public void The_help_describes_everything_in_sentences() => Assert.All(
        Symbols(Program.Root()).Where(symbol => symbol is not (VersionOption or System.CommandLine.Help.HelpOption)),
        symbol => Assert.True(symbol.Description is { Length: > 0 } text && text.EndsWith('.'), symbol.Name));

    /// <summary>A command with all that hangs below it.</summary>
    private static IEnumerable<Symbol> Symbols(Command command) =>
        command.Arguments.Concat<Symbol>(command.Options).Prepend(command).Concat(command.Subcommands.SelectMany(Symbols));
}
