using System.CommandLine;
using System.CommandLine.Help;
using OnnxTransfer.Cli.Commands;
using OnnxTransfer.Heic;
using OnnxTransfer.Parquet;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cli;

/// <summary>The <c>onnxtransfer</c> command.</summary>
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
        return await CommandLine.RunAsync(Root(), args).ConfigureAwait(false);
    }
}
