extern alias cli;

using System.CommandLine;
using System.Net;
using cli::OnnxTransfer.Cli;
using cli::OnnxTransfer.Cli.Commands;
using OnnxTransfer.Cluster.Workers;

namespace OnnxTransfer.Cluster.Commands;

/// <summary><c>onnxtransfer-cluster worker --membership postgres://... --store DIR</c></summary>
internal static class WorkerCommand
{
    internal static Command Create()
    {
        var store = Store();
        var backbone = CommonOptions.OwnBackbone("A network to use instead of the one that a job names, such as a copy on a local disk. It must be equal: jobs with another network are refused.");
        var listen = new Option<string>("--listen") { Description = "The address of this machine that the others reach. All but loopback need TLS.", DefaultValueFactory = _ => "127.0.0.1", HelpName = "IP" };
        var port = CommonOptions.NonNegative("--port", "The port for the other workers; 0 takes a free one.", 0, "N");
        var gateway = CommonOptions.NonNegative("--gateway-port", "The port for submit, status and cancel; 0 takes a free one.", 0, "N");
        var insecure = new Option<bool>("--insecure") { Description = "Listen without TLS on an address that other machines reach: everybody who reaches the port may read and change the cluster's jobs." };
        var name = new Option<string?>("--name") { Description = "The worker's name in `status`. Default: the machine and the process.", HelpName = "NAME" };
        var command = new Command("worker", "Join a cluster and make parts of its jobs until stopped.") { store, backbone, listen, port, gateway, insecure, name };
        var cluster = new ClusterArguments(command);
        var machine = new ProviderOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (!IPAddress.TryParse(parsed.GetRequiredValue(listen), out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
                throw new UsageException($"--listen {parsed.GetRequiredValue(listen)}: it must be an IP address of this machine that the others reach, such as 192.0.2.7.");
            var network = cluster.Network(parsed, address, (parsed.GetValue(port), parsed.GetValue(gateway)), parsed.GetValue(insecure));
            await using var database = cluster.Database(parsed);
            if (parsed.GetValue(backbone) is { } own) CommonOptions.RequireBackbone(own);
            var settings = new WorkerSettings(
                parsed.GetValue(name) ?? $"{Environment.MachineName}-{Environment.ProcessId}", new SharedStore(parsed.GetRequiredValue(store)), parsed.GetValue(backbone), machine.Read(parsed));
            await new Worker(settings, database, network, cluster.IsVerbose(parsed)).RunAsync(cancellationToken).ConfigureAwait(false);
            return ExitCode.Done;
        });
        return command;
    }

    internal static Option<string> Store() => new("--store")
    {
        Description = "The folder that all machines share; images, output and an own network are in it. Each machine may have it under another path.",
        Required = true,
        HelpName = "DIR",
    };
}
