using System.CommandLine;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models list | pull ID | info ID|FILE | layers ID|FILE | cut ID|FILE | weights ID|FILE | draw ID|FILE | card FILE | convert FILE</c></summary>
internal static class ModelsCommand
{
    internal static Command Create() => new("models", "List, download, inspect, convert and change pretrained networks.")
    {
        CreateList(), CreatePull(), ModelsInfoCommand.Create(), ModelsLayersCommand.Create(), ModelsCutCommand.Create(), ModelsWeightsCommand.Create(), ModelsDrawCommand.Create(),
        ModelsCardCommand.Create(), CreateConvert(),
    };

    private static Command CreateList()
    {
        var json = CommonOptions.Json();
        var command = new Command("list", "List the models beside the tool and in the catalog, and show which are on this machine.") { json };
        command.SetAction(parsed =>
        {
            // A model beside the tool comes before one of the catalog with its id.
            var store = new ModelStore();
            var models = store.BesideApplication.Concat(store.Catalog).DistinctBy(model => model.Id).Select(model => Describe(model, store)).ToList();
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(models, JsonContracts.Default.IReadOnlyListModelJson);
                return ExitCode.Done;
            }

            Table.Write(
                ["id", "features", "input", "size", "top-1", "license", "from", "here"],
                [.. models.Select(model => (IReadOnlyList<string>)
                [
                    model.Id, $"{model.Dim}", $"{model.Height}x{model.Width}",
                    model.Bytes is { } bytes ? $"{Table.Number(bytes / 1e6, "0.0")} MB" : "-",
                    model.Top1 is { } top1 ? $"{Table.Number(top1, "0.0")}%" : "-", model.License ?? "-", model.From, model.Present ? "yes" : "",
                ])]);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreatePull()
    {
        var id = new Argument<string>("ID|hf:owner/name") { Description = "An id of `onnxtransfer models list`, or a model of the Hugging Face hub: hf:owner/name[@revision][/file.onnx]." };
        var command = new Command("pull", "Download a model of the catalog or of the Hugging Face hub, and verify it.") { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var model = parsed.GetRequiredValue(id);
            var path = await Progress.RunAsync($"Getting {model}", report => new ModelStore().GetAsync(model, report, cancellationToken)).ConfigureAwait(false);
            Console.Out.WriteLine(path);
            return ExitCode.Done;
        });
        return command;
    }

    private static Command CreateConvert()
    {
        var file = new Argument<string>("FILE") { Description = "A .tflite file, or the model.json of a Keras model in TensorFlow.js layers format." };
        var output = new Option<string>("--out") { Description = "The ONNX file to write.", Required = true, HelpName = "FILE.onnx" };
        var tensors = new Option<string[]>("--outputs") { Description = "The tensors to compute. Default: the model's own outputs.", AllowMultipleArgumentsPerToken = true, HelpName = "TENSOR" };
        var quantized = new Option<bool>("--keep-quantized") { Description = "For a quantized .tflite: keep integer kernels instead of converting them to float32." };
        var share = CommonOptions.Number(
            "--float-share", "With --keep-quantized: the share of all multiplications that stays in float32, counted from the input. Rounding in the first layers costs the most accuracy.",
            new TfLiteOptions().FloatShare, "SHARE", value => value is >= 0 and <= 1, "a share between 0 and 1, such as 0.15");
        var preprocess = CommonOptions.Preprocess();
        preprocess.Description = $"The preprocessing that the network expects. It is written into a .model.json, which makes the model a backbone. {preprocess.Description![(preprocess.Description!.IndexOf("torch:", StringComparison.Ordinal))..]}";
        var command = new Command("convert", "Convert a TFLite or Keras model to ONNX.") { file, output, tensors, quantized, share, preprocess };
        command.SetAction(parsed =>
        {
            var (from, to) = (parsed.GetRequiredValue(file), parsed.GetRequiredValue(output));
            var wanted = parsed.GetValue(tensors) ?? [];
            var preset = parsed.GetValue(preprocess);
            switch (Path.GetExtension(from).ToLowerInvariant())
            {
                case ".tflite":
                    TfLiteConverter.Convert(from, to, new TfLiteOptions { Outputs = wanted, KeepQuantized = parsed.GetValue(quantized), FloatShare = parsed.GetValue(share), Preprocess = preset });
                    break;
                case ".json" when !parsed.GetValue(quantized):
                    KerasConverter.Convert(from, to, new KerasOptions { Outputs = wanted, Preprocess = preset });
                    break;
                default:
                    throw new UsageException($"{from} cannot be converted: it must end in .tflite, or be a Keras model.json (without --keep-quantized).");
            }

            Console.Out.WriteLine(to);
            Console.Error.WriteLine(preset is null
                ? $"No .model.json was written, because the file does not state the preprocessing: convert with --preprocess {preprocess.HelpName} to use the model as a backbone."
                : $"Its card is {Path.ChangeExtension(to, ".model.json")}.");
            return ExitCode.Done;
        });
        return command;
    }

    private static ModelJson Describe(ModelInfo model, ModelStore store)
    {
        var path = store.Contains(model.Id) ? store.PathOf(model.Id) : null;
        var isBeside = store.BesideApplication.Any(one => one.Id == model.Id);
        return new ModelJson(
            model.Id, model.License, model.Layout.ToString().ToUpperInvariant(), model.Height, model.Width, model.Dim,
            path is null ? model.Bytes : new FileInfo(path).Length, model.Sha256, model.Top1, model.Top5,
            isBeside ? "beside the tool" : model.Package is { } package ? $"package {package}" : "download", path is not null, path, model.Source);
    }
}
