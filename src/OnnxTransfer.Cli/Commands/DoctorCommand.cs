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
            return ExitCode.Done;
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
        Console.Out.WriteLine($"models         {report.ModelFolder}{(report.Offline ? " (offline: nothing is downloaded)" : "")}");
        Console.Out.WriteLine($"               {(report.Models.Count > 0 ? string.Join(", ", report.Models) : "none yet; see `onnxtransfer models list`")}");
    }

    private static DoctorJson ToJson(RuntimeReport report) => new(
        report.Version, report.Runtime, report.System, report.Decoder, report.OnnxRuntime,
        [.. report.Providers.Select(provider => new ProviderJson(provider.Key.ToString().ToLowerInvariant(), provider.Value is null, provider.Value))],
        report.ModelFolder, report.Offline, report.Models);
}
