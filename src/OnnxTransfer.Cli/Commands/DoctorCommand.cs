using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer doctor</c></summary>
internal static class DoctorCommand
{
    internal static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Show versions, decoder, execution providers and why not, and the model folder.") { json };
        command.SetAction(parsed =>
        {
            var report = RuntimeReport.Collect();
            if (parsed.GetValue(json)) JsonOutput.Write(ToJson(report), JsonContracts.Default.DoctorJson);
            else Print(report);
            return report.Parity.All(check => check.Passed) ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Print(RuntimeReport report)
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
        Console.Out.WriteLine($"models         {report.ModelFolder}{(report.Offline ? " (offline: nothing is downloaded)" : "")}");
        Console.Out.WriteLine($"               {(report.Models.Count > 0 ? string.Join(", ", report.Models) : "none yet; see `onnxtransfer models list`")}");
    }

    private static DoctorJson ToJson(RuntimeReport report) => new(
        report.Version, report.Runtime, report.System, report.Decoder, report.OnnxRuntime,
        [.. report.Providers.Select(provider => new ProviderJson(provider.Key.ToString().ToLowerInvariant(), provider.Value is null, provider.Value))],
        [.. report.Parity.Select(check => new ParityJson(check.Name, check.GreatestDifference, check.Tolerance, check.Passed))],
        report.ModelFolder, report.Offline, report.Models);
}
