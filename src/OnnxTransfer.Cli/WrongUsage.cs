using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OnnxTransfer.Cli;

/// <summary>What is wrong with a command line, each in one sentence.</summary>
internal static class WrongUsage
{
    /// <summary>The sentences; none where the line can be run.</summary>
    internal static IReadOnlyList<string> In(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        // A word that is no command leaves everything behind it without a meaning, so nothing else is said.
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.FirstOrDefault(token => token != "--") is { } word)
            return [$"'{word}' is {(IsOption(word) ? "no option" : "no command")} of `{PathOf(parsed.CommandResult)}`{Suggest(word, parsed, IsOption(word))}"];
        var unknown = Mistyped(parsed).Select(token => $"'{token}' is no option of `{PathOf(parsed.CommandResult)}`{Suggest(token, parsed, options: true)} A file of this name is given as ./{token}.").ToList();
        if (unknown.Count > 0) return unknown;
        var path = PathOf(parsed.CommandResult);
        if (parsed.UnmatchedTokens is [var more, ..] && parsed.Errors.Count > 0)
            return [$"'{more}' is more than `{path}` takes{(command.Arguments is [var last, ..] ? $", which is {string.Join(' ', command.Arguments.Select(argument => argument.Name))} and options" : "")}: remove it, or put a value of an option behind its name."];
        return [.. parsed.Errors.Select(error => Describe(error, path)).Distinct()];
    }

    private static string Describe(ParseError error, string path) => error.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Argument: var argument } => $"`{path}` needs {argument.Name}.",
        OptionResult { Tokens.Count: 0, Implicit: true, Option: var option } => $"`{path}` needs {option.Name} {option.HelpName}.",
        OptionResult { Tokens.Count: 0, Option: var option } => $"{option.Name} needs {option.HelpName ?? "a value"} behind it.",
        OptionResult { IdentifierTokenCount: > 1, Option: var option } => $"{option.Name} is given twice: give it once.",
        OptionResult { Tokens: [var token, ..], Option: Option<int> option } when !int.TryParse(token.Value, CultureInfo.InvariantCulture, out _) =>
            $"{option.Name} {token.Value}: it must be a whole number of at most {int.MaxValue}.",
        OptionResult { Tokens: [var token, ..], Option: Option<long> option } when !long.TryParse(token.Value, CultureInfo.InvariantCulture, out _) =>
            $"{option.Name} {token.Value}: it must be a whole number of at most {long.MaxValue}.",
        OptionResult { Tokens: [var token, ..], Option: var option } when option.GetCompletions(CompletionContext.Empty).Select(one => one.Label).ToList() is { Count: > 0 } among && !among.Contains(token.Value, StringComparer.OrdinalIgnoreCase) =>
            $"{option.Name} {token.Value} is not one of {string.Join(", ", among)}.",
        CommandResult { Command.Subcommands: { Count: > 0 } commands } => $"`{path}` needs one of {string.Join(", ", commands.Select(one => one.Name))}.",
        _ => error.Message,
    };

    /// <summary>Words that begin like an option and were taken for files.</summary>
    private static IEnumerable<string> Mistyped(ParseResult parsed)
    {
        var files = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens).Select(token => token.Value).Concat(parsed.UnmatchedTokens).ToHashSet(StringComparer.Ordinal);
        return parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).Where(word => IsOption(word) && files.Contains(word)).Distinct(StringComparer.Ordinal);
    }

    private static bool IsOption(string word) => word.Length > 1 && word[0] == '-' && word != "--";

    private static IEnumerable<string> Names(CommandResult command, bool options)
    {
        if (!options) return command.Command.Subcommands.Select(one => one.Name);
        var recursive = Ancestors(command).SelectMany(one => one.Command.Options.Where(option => option.Recursive));
        return command.Command.Options.Concat(recursive).Select(option => option.Name);
    }

    private static string PathOf(CommandResult command) => string.Join(' ', Ancestors(command).Reverse().Append(command).Select(one => one.Command.Name));

    private static IEnumerable<CommandResult> Ancestors(CommandResult command)
    {
        for (var parent = command.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult) yield return parent;
    }

    /// <summary>Of <c>--otu=x</c> only the name is compared.</summary>
    private static string Suggest(string word, ParseResult parsed, bool options) =>
        Throw.Meant(word.Split('=', 2)[0], Names(parsed.CommandResult, options)) is { } meant ? $": did you mean {meant}?" : $"; see `{parsed.RootCommandResult.Command.Name} --help`.";
}
