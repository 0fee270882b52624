using System.CommandLine;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models weights ID|FILE --from WEIGHTS --out FILE.onnx</c></summary>
internal static class ModelsWeightsCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var from = new Option<string>("--from") { Description = "A .safetensors, .npz or .onnx file whose arrays have the names of the model's weights, or a .h5 or .keras file for a network that was converted from Keras: by the names of its layers.", Required = true, HelpName = "WEIGHTS" };
        var output = new OutputOption("--out") { Description = "The ONNX file to write.", Required = true, HelpName = "FILE.onnx" };
        var missing = new Option<bool>("--allow-missing") { Description = "Keep the model's own weights if the file has none of that name and shape, instead of failing." };
        var json = CommonOptions.Json();
        var command = new Command("weights", "Write a model with the weights of another file, matched by name.") { model, from, output, missing, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(output);
            var file = await CommonOptions.ReadAsync(parsed.GetRequiredValue(model), cancellationToken).ConfigureAwait(false);
            var (weights, allowMissing) = (parsed.GetRequiredValue(from), parsed.GetValue(missing));
            var report = IsKeras(weights) ? KerasConverter.ReplaceWeights(file, weights, path, allowMissing) : file.ReplaceWeights(weights, path, allowMissing);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new WeightsJson(path, report.Matched, report.Missing, report.WrongShape, report.Unused), JsonContracts.Default.WeightsJson);
                return ExitCode.Done;
            }

            Print("replaced", report.Matched);
            Print("not in the file, kept", report.Missing);
            Print("of another shape, kept", report.WrongShape);
            Print("not in the model, unused", report.Unused);
            Console.Out.WriteLine($"saved {path}");
            return ExitCode.Done;
        });
        return command;
    }

    private static bool IsKeras(string path) => Path.GetExtension(path).ToLowerInvariant() is ".h5" or ".hdf5" or ".keras";

    private static void Print(string title, IReadOnlyList<string> names)
    {
        Console.Out.WriteLine($"{names.Count} {title}");
        // What was replaced is what was asked for; the rest is worth a look.
        if (title != "replaced") foreach (var name in names) Console.Out.WriteLine($"  {name}");
    }
}
