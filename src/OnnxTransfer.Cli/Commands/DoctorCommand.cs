using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer doctor</c></summary>
internal static class DoctorCommand
{
    internal static Command Create()
    {
        var backbone = new Option<string?>("--backbone")
        {
            Description = "Also check this model (an id of `onnxtransfer models list`, the path of an .onnx file or of a model's folder, or hf:owner/name): where its operators run, and whether its vectors equal the published ones.",
            HelpName = "ID|PATH|hf:owner/name",
        };
        var preprocess = CommonOptions.Preprocess();
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Show versions, the decoders, the execution providers with the reason if one does not work, and the model folder; verify pixels and vectors.") { backbone, preprocess, json };
        var machine = new MachineOptions(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = RuntimeReport.Collect();
            var (vectors, network) = await LookAsync(report, parsed.GetValue(backbone), CommonOptions.Extractor(machine.Read(parsed), preprocess: parsed.GetValue(preprocess)), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json)) JsonOutput.Write(ToJson(report, vectors, network), JsonContracts.Default.DoctorJson);
            else Print(report, vectors, network);
            return report.Parity.Concat(vectors).All(check => check.Passed) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>The vectors of the model that was named, and where it runs; or the vectors of every model here that the library has references of.</summary>
    private static async Task<(List<ParityResult> Vectors, NetworkJson? Network)> LookAsync(
        RuntimeReport report, string? backbone, FeatureExtractorOptions options, CancellationToken cancellationToken)
    {
        var checks = new List<ParityResult>();
        NetworkJson? network = null;
        var store = new ModelStore();
        foreach (var model in backbone is not null ? [backbone] : report.Models.Where(id => store.Find(id).HasReferenceVectors))
        {
            using var extractor = await CommonOptions.OpenAsync(model, options, cancellationToken).ConfigureAwait(false);
            checks.AddRange(extractor.VerifyParity().Where(check => check.Cosine is not null));
            if (backbone is null) continue;
            network = new NetworkJson(
                extractor.Model.Id, extractor.Provider.ToString().ToLowerInvariant(), extractor.ProviderReason,
                [.. extractor.CountNodes().Select(nodes => new NodesJson(nodes.Provider, nodes.Operator, nodes.Count))]);
        }

        return (checks, network);
    }

    private static void Print(RuntimeReport report, List<ParityResult> vectors, NetworkJson? network)
    {
        Console.Out.WriteLine($"OnnxTransfer   {report.Version}");
        Console.Out.WriteLine($"runtime        {report.Runtime}");
        Console.Out.WriteLine($"system         {report.System}");
        Console.Out.WriteLine($"decoder        {report.Decoder}");
        foreach (var others in report.Formats.Where(format => format.Value != report.Decoder).GroupBy(format => format.Value, format => format.Key.ToString().ToUpperInvariant()))
            Console.Out.WriteLine($"               {string.Join(", ", others)}: {others.Key ?? "none"}");
        Console.Out.WriteLine($"ONNX Runtime   {report.OnnxRuntime}");
        foreach (var (provider, whyNot) in report.Providers) Console.Out.WriteLine($"{provider.ToString().ToLowerInvariant(),-15}{(whyNot is null ? "works" : $"no: {whyNot}")}");
        var failed = report.Parity.Where(check => !check.Passed).ToList();
        Console.Out.WriteLine($"pixels         {(failed.Count == 0 ? $"equal to their references in all {report.Parity.Count} checks" : $"{failed.Count} of {report.Parity.Count} checks fail:")}");
        foreach (var check in failed) Console.Out.WriteLine($"               {check.Name}: off by {Table.Number(check.GreatestDifference, "0.####")}, but at most {Table.Number(check.Tolerance, "0.####")} is allowed");
        if (network is not null)
        {
            Console.Out.WriteLine($"network        {network.Id} on {network.ExecutionProvider}: {network.Reason}");
            foreach (var provider in network.Nodes.GroupBy(nodes => nodes.Provider))
                Console.Out.WriteLine($"               {provider.Sum(nodes => nodes.Count)} nodes on {provider.Key}: {string.Join(", ", provider.Select(nodes => $"{nodes.Count} {nodes.Operator}"))}");
        }

        if (vectors.Count == 0)
        {
            var known = string.Join(", ", new ModelStore().Catalog.Where(model => model.HasReferenceVectors).Select(model => model.Id));
            Console.Out.WriteLine($"vectors        not checked: {(network is null ? "no model here has reference vectors; --backbone names one" : $"{network.Id} has no reference vectors; {known} have them")}");
        }

        foreach (var (check, first) in vectors.Select((check, i) => (check, i == 0)))
        {
            Console.Out.WriteLine(
                $"{(first ? "vectors" : ""),-15}{check.Name}: {(check.Passed ? "as published" : "NOT as published")}, cosine {Table.Number(check.Cosine!.Value, "0.000000")} (at least {Table.Number(check.LeastCosine!.Value, "0.###")}), " +
                $"off by {Table.Number(check.GreatestDifference, "0.000000")} (at most {Table.Number(check.Tolerance, "0.###")})");
        }

        var downloaded = report.Models.Except(report.ModelsBesideApplication).ToList();
        Console.Out.WriteLine($"models         beside the tool: {(report.ModelsBesideApplication.Count > 0 ? string.Join(", ", report.ModelsBesideApplication) : "none")} (in {report.ApplicationModelFolder})");
        Console.Out.WriteLine($"               downloaded: {(downloaded.Count > 0 ? string.Join(", ", downloaded) : "none")} ({(report.ModelFolder is { } folder ? $"in {folder}" : "this account has no home folder: set ONNXTRANSFER_HOME to one")}){(report.Offline ? "; offline: nothing is downloaded" : "")}");
    }

    private static DoctorJson ToJson(RuntimeReport report, List<ParityResult> vectors, NetworkJson? network) => new(
        report.Version, report.Runtime, report.System, report.Decoder,
        [.. report.Formats.Select(format => new FormatJson(format.Key.ToString().ToLowerInvariant(), format.Value))], report.OnnxRuntime,
        [.. report.Providers.Select(provider => new ProviderJson(provider.Key.ToString().ToLowerInvariant(), provider.Value is null, provider.Value))],
        [.. report.Parity.Concat(vectors).Select(check => new ParityJson(check.Name, check.GreatestDifference, check.Tolerance, check.Cosine, check.LeastCosine, check.Passed))],
        network, report.ModelFolder, report.Offline, report.Models, report.ApplicationModelFolder, report.ModelsBesideApplication);
}
