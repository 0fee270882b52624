using System.CommandLine;
using OnnxTransfer.Cli.Commands;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli;

/// <summary>Parses and runs a command line, and turns every outcome into an exit code; the tools of this project have the same manners.</summary>
internal static class CommandLine
{
    /// <param name="root">The whole command line of the tool.</param>
    /// <param name="args">What the user typed.</param>
    /// <param name="isExpected">Exceptions beside <see cref="Failure.IsExpected"/> whose message is for the user; null for none.</param>
    internal static async Task<int> RunAsync(Command root, string[] args, Func<Exception, bool>? isExpected = null)
    {
        Progress.Terminal = SafeWriter.Install();
        using var stop = new StopSignals(Progress.Terminal);
        // Cancellation and errors are handled here, for every command alike.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            // Within, because a default can fail as well: that of --cache does where the account has no home folder.
            var parsed = root.Parse(args);
            var wrong = WrongUsage.In(parsed);
            foreach (var sentence in wrong) Console.Error.WriteLine($"error: {sentence}");
            if (wrong.Count > 0) return ExitCode.Usage;
            OutputOption.Check(parsed);
            var code = await parsed.InvokeAsync(configuration, stop.Token).ConfigureAwait(false);
            return code == ExitCode.Canceled ? stop.ExitCode : code;
        }
        catch (OperationCanceledException) when (stop.IsStopping)
        {
            Console.Error.WriteLine("canceled");
            return stop.ExitCode;
        }
        catch (UsageException exception)
        {
            Console.Error.WriteLine($"error: {exception.Message}");
            return ExitCode.Usage;
        }
        catch (Exception exception) when (Failure.IsExpected(exception) || (isExpected?.Invoke(exception) ?? false))
        {
            Console.Error.WriteLine($"error: {Failure.Describe(exception)}");
            return ExitCode.Failed;
        }
    }
}
