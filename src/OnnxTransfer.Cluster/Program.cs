extern alias cli;

using System.CommandLine;
using System.CommandLine.Help;
using cli::OnnxTransfer.Cli;
using cli::OnnxTransfer.Cli.Output;
using Npgsql;
using OnnxTransfer.Cluster.Commands;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cluster;

/// <summary>The <c>onnxtransfer-cluster</c> command: parses, runs, and turns every outcome into an exit code, as <c>onnxtransfer</c> does.</summary>
internal static class ClusterProgram
{
    internal static Command Root() =>
        new("onnxtransfer-cluster", "Feature vectors of millions of images by workers that come and go.")
        {
            new HelpOption { Recursive = true }, new VersionOption(), WorkerCommand.Create(), SubmitCommand.Create(), StatusCommand.Create(), StatusCommand.CreateCancel(),
        };

    internal static async Task<int> Main(string[] args)
    {
        VipsDecoder.Register();
        HeicDecoder.Register();
        Progress.Terminal = SafeWriter.Install();
        using var stop = new StopSignals(Progress.Terminal);
        try
        {
            var parsed = Root().Parse(args);
            var wrong = WrongUsage.In(parsed);
            foreach (var sentence in wrong) Console.Error.WriteLine($"error: {sentence}");
            if (wrong.Count > 0) return ExitCode.Usage;
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token).ConfigureAwait(false);
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
        catch (Exception exception) when (Failure.IsExpected(exception) || exception is NpgsqlException)
        {
            Console.Error.WriteLine($"error: {Failure.Describe(exception)}");
            return ExitCode.Failed;
        }
    }
}
