using System.CommandLine;
using System.CommandLine.Help;
using OnnxTransfer.Cli.Commands;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Heic;
using OnnxTransfer.Parquet;
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
            TrainCommand.Create(), EvaluateCommand.Create(), PredictCommand.Create(), EmbedCommand.Create(), FeaturesCommand.Create(), TuneCommand.Create(), CompareCommand.Create(), CheckCommand.Create(), SimilarCommand.Create(),
            ClassifyCommand.Create(), ExplainCommand.Create(), ModelsCommand.Create(), CacheCommand.Create(), DoctorCommand.Create(),
            CompletionCommand.Create(), CompletionCommand.CreateComplete(Root),
        };

    internal static async Task<int> Main(string[] args)
    {
        // Nothing is loaded before a file needs it.
        VipsDecoder.Register();
        HeicDecoder.Register();
        ParquetFiles.Register();

        Progress.Terminal = SafeWriter.Install();
        var root = Root();
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
        catch (Exception exception) when (Failure.IsExpected(exception))
        {
            Console.Error.WriteLine($"error: {Failure.Describe(exception)}");
            return ExitCode.Failed;
        }
    }
}
