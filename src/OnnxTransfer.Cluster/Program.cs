extern alias cli;

using System.CommandLine;
using System.CommandLine.Help;
using Npgsql;
using OnnxTransfer.Cluster.Commands;
using OnnxTransfer.Heic;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cluster;

/// <summary>The <c>onnxtransfer-cluster</c> command.</summary>
internal static class ClusterProgram
{
    internal static Command Root() =>
        new("onnxtransfer-cluster", "Feature vectors of millions of images by workers that come and go.")
        {
            new HelpOption { Recursive = true }, new VersionOption(), WorkerCommand.Create(), SubmitCommand.Create(), StatusCommand.Create(), StatusCommand.CreateCancel(),
        };

    internal static Task<int> Main(string[] args)
    {
        VipsDecoder.Register();
        HeicDecoder.Register();
        return cli::OnnxTransfer.Cli.CommandLine.RunAsync(Root(), args, exception => exception is NpgsqlException);
    }
}
