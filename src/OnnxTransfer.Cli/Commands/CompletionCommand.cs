using System.CommandLine;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer completion bash | zsh | fish | pwsh</c></summary>
internal static class CompletionCommand
{
    // Each script asks the tool itself, so it stays right when the tool is updated.
    private static readonly Dictionary<string, string> s_scripts = new()
    {
        ["bash"] = """
            _onnxtransfer() {
                local IFS=$'\n'
                COMPREPLY=($(onnxtransfer complete --position "$COMP_POINT" -- "$COMP_LINE" 2>/dev/null))
            }
            complete -o default -F _onnxtransfer onnxtransfer
            """,
        ["zsh"] = """
            _onnxtransfer() {
                local -a found
                found=("${(@f)$(onnxtransfer complete --position "${#${(j: :)words[1,CURRENT]}}" -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
                [[ -n "${found[1]}" ]] && compadd -- "${found[@]}" || _files
            }
            compdef _onnxtransfer onnxtransfer
            """,
        ["fish"] = """
            complete -c onnxtransfer -a '(onnxtransfer complete --position (commandline -C) -- (commandline -cp) 2>/dev/null)'
            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName onnxtransfer -ScriptBlock {
                param($word, $ast, $position)
                onnxtransfer complete --position $position -- "$ast" 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    internal static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "The shell.", HelpName = string.Join('|', s_scripts.Keys) };
        shell.CompletionSources.Add([.. s_scripts.Keys]);
        shell.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !s_scripts.ContainsKey(token.Value)) result.AddError($"{token.Value} is not one of {string.Join(", ", s_scripts.Keys)}.");
        });
        var command = new Command("completion", "Print the script that lets a shell complete commands and options.") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.Write(s_scripts[parsed.GetRequiredValue(shell)].ReplaceLineEndings("\n") + "\n");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>What the scripts ask: the words that can stand at a position of a line.</summary>
    /// <param name="root">Gives the whole command line.</param>
    internal static Command CreateComplete(Func<Command> root)
    {
        var position = new Option<int>("--position") { Description = "Where the cursor is in the line.", HelpName = "N", Required = true };
        var line = new Argument<string>("LINE") { Description = "The line as it is typed so far." };
        var command = new Command("complete", "Print the words that can stand at a position of a line.") { position, line };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var typed = parsed.GetRequiredValue(line);
            // A shell may put the position behind a blank that it does not pass on.
            typed = typed.PadRight(Math.Clamp(parsed.GetValue(position), 0, typed.Length + 1));
            var words = root().Parse(typed[(typed.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
            // The help has Windows' names as well, which look like paths.
            foreach (var completion in words.GetCompletions().Where(one => one.Label is not ("/?" or "/h"))) Console.Out.WriteLine(completion.Label);
            return ExitCode.Done;
        });
        return command;
    }
}
