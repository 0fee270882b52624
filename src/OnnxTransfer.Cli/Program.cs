using System.CommandLine;
using System.CommandLine.Help;
using OnnxTransfer.Cli.Commands;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cli;

/// <summary>The <c>onnxtransfer</c> command: parses, runs, and turns every outcome into an exit code.</summary>
internal static class Program
{
    /// <summary>The whole command line.</summary>
    internal static Command Root() =>
        // Not a RootCommand, whose name in the help would be the assembly's and not the tool's.
        new("onnxtransfer", "Image transfer learning on pretrained ONNX networks.")
        {
            new HelpOption { Recursive = true }, new VersionOption(),
            TrainCommand.Create(), EvaluateCommand.Create(), PredictCommand.Create(), EmbedCommand.Create(),
            ClassifyCommand.Create(), ExplainCommand.Create(), ModelsCommand.Create(), CacheCommand.Create(), DoctorCommand.Create(),
        };

    internal static async Task<int> Main(string[] args)
    {
        // Nothing is loaded before a file needs it.
        VipsDecoder.Register();
        HeicDecoder.Register();

        var root = Root();
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            // The first Ctrl+C asks the work to stop and keep what is finished; a second one ends the process.
            e.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        };
        // Cancellation and errors are handled here, for every command alike.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            // Within, because a default can fail as well: that of --cache does where the account has no home folder.
            var parsed = root.Parse(args);
            if (parsed.Errors.Count > 0)
            {
                foreach (var error in parsed.Errors) Console.Error.WriteLine($"error: {error.Message}");
                Console.Error.WriteLine("See `onnxtransfer --help`.");
                return ExitCode.Usage;
            }

            return await parsed.InvokeAsync(configuration, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.Error.WriteLine("canceled");
            return ExitCode.Canceled;
        }
        catch (UsageException exception)
        {
            Console.Error.WriteLine($"error: {exception.Message}");
            return ExitCode.Usage;
        }
        catch (Exception exception) when (Failure.IsExpected(exception))
        {
            Console.Error.WriteLine($"error: {Failure.Describe(exception)}");
            return ExitCode.Failed;
        }
    }
}
