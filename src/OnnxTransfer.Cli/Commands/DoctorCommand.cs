using System.CommandLine;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer doctor</c></summary>
internal static class DoctorCommand
{
    internal static Command Create()
    {
        var backbone = new Option<string?>("--backbone")
        {
            Description = "Verify the vectors of this model, a catalogue id or the path of an .onnx file, and not of those in the model folder.",
            HelpName = "ID|PATH",
        };
        var provider = CommonOptions.Provider();
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Show versions, decoder, execution providers and why not, and the model folder; verify pixels and vectors.") { backbone, provider, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = RuntimeReport.Collect();
            var vectors = await VerifyAsync(report, parsed.GetValue(backbone), CommonOptions.Extractor(parsed.GetValue(provider), 0), cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json)) JsonOutput.Write(ToJson(report, vectors), JsonContracts.Default.DoctorJson);
            else Print(report, vectors);
            return report.Parity.Concat(vectors).All(check => check.Passed) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    /// <summary>The vectors of the model that was named, or of every model here that the library has reference vectors of.</summary>
    private static async Task<List<ParityResult>> VerifyAsync(
        RuntimeReport report, string? backbone, FeatureExtractorOptions options, CancellationToken cancellationToken)
    {
        var checks = new List<ParityResult>();
        foreach (var model in backbone is not null ? [backbone] : report.Models.Where(id => ModelStore.Find(id).HasReferenceVectors))
        {
            using var extractor = await CommonOptions.OpenAsync(model, options, cancellationToken).ConfigureAwait(false);
            if (!extractor.Model.HasReferenceVectors)
                throw new InvalidDataException($"There are no reference vectors of {model} to verify with; there are of {string.Join(", ", ModelStore.Catalog.Where(known => known.HasReferenceVectors).Select(known => known.Id))}.");
            checks.AddRange(extractor.VerifyParity().Where(check => check.Cosine is not null));
        }

        return checks;
    }

    private static void Print(RuntimeReport report, List<ParityResult> vectors)
    {
        Console.Out.WriteLine($"OnnxTransfer   {report.Version}");
        Console.Out.WriteLine($"runtime        {report.Runtime}");
        Console.Out.WriteLine($"system         {report.System}");
        Console.Out.WriteLine($"decoder        {report.Decoder}");
        Console.Out.WriteLine($"ONNX Runtime   {report.OnnxRuntime}");
        foreach (var (provider, whyNot) in report.Providers) Console.Out.WriteLine($"{provider.ToString().ToLowerInvariant(),-15}{(whyNot is null ? "works" : $"no: {whyNot}")}");
        var failed = report.Parity.Where(check => !check.Passed).ToList();
        Console.Out.WriteLine($"pixels         {(failed.Count == 0 ? $"equal to their references in all {report.Parity.Count} checks" : $"{failed.Count} of {report.Parity.Count} checks fail:")}");
        foreach (var check in failed) Console.Out.WriteLine($"               {check.Name}: off by {Table.Number(check.GreatestDifference, "0.####")}, where {Table.Number(check.Tolerance, "0.####")} is allowed");
        if (vectors.Count == 0) Console.Out.WriteLine("vectors        not checked: no model here has reference vectors; --backbone names one");
        foreach (var (check, first) in vectors.Select((check, i) => (check, i == 0)))
        {
            Console.Out.WriteLine(
                $"{(first ? "vectors" : ""),-15}{check.Name}: {(check.Passed ? "as published" : "NOT as published")}, cosine {Table.Number(check.Cosine!.Value, "0.000000")} (at least {Table.Number(check.LeastCosine!.Value, "0.###")}), " +
                $"off by {Table.Number(check.GreatestDifference, "0.000000")} (at most {Table.Number(check.Tolerance, "0.###")})");
        }

        Console.Out.WriteLine($"models         {report.ModelFolder}{(report.Offline ? " (offline: nothing is downloaded)" : "")}");
        Console.Out.WriteLine($"               {(report.Models.Count > 0 ? string.Join(", ", report.Models) : "none yet; see `onnxtransfer models list`")}");
    }

    private static DoctorJson ToJson(RuntimeReport report, List<ParityResult> vectors) => new(
        report.Version, report.Runtime, report.System, report.Decoder, report.OnnxRuntime,
        [.. report.Providers.Select(provider => new ProviderJson(provider.Key.ToString().ToLowerInvariant(), provider.Value is null, provider.Value))],
        [.. report.Parity.Concat(vectors).Select(check => new ParityJson(check.Name, check.GreatestDifference, check.Tolerance, check.Cosine, check.LeastCosine, check.Passed))],
        report.ModelFolder, report.Offline, report.Models);
}
