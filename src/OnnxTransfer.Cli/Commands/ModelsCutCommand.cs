using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models cut ID|FILE --at TENSOR --out FILE.onnx</c></summary>
internal static class ModelsCutCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var layers = CommonOptions.Layers("--at");
        layers.Required = true;
        layers.Description = "The layers to end in, joined in this order (see `onnxtransfer models layers`).";
        var pooling = CommonOptions.Pooling();
        var output = new OutputOption("--out") { Description = "The ONNX file to write; its card goes beside it as .model.json.", Required = true, HelpName = "FILE.onnx" };
        var json = CommonOptions.Json();
        var command = new Command("cut", "Write the part of a model up to a layer, as a backbone of its own.") { model, layers, pooling, output, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var path = parsed.GetRequiredValue(output);
            var file = await CommonOptions.ReadAsync(parsed.GetRequiredValue(model), cancellationToken).ConfigureAwait(false);
            var info = file.Cut(path, parsed.GetRequiredValue(layers), parsed.GetValue(pooling));
            if (info is null) Console.Error.WriteLine($"note: {file.Path} has no .model.json, so the preprocessing is not known, and {path} gets no .model.json either.");
            var cut = ModelFile.Open(path);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(new CutJson(path, cut.Outputs[0].Name, info?.Dim ?? cut.Features?.Dim, cut.Bytes, cut.Parameters), JsonContracts.Default.CutJson);
                return ExitCode.Done;
            }

            Console.Out.WriteLine(
                $"{path}: {cut.Outputs[0].Name} {TensorJson.ShapeText(cut.Outputs[0].Shape)}, {Table.Number(cut.Parameters, "#,0")} of {Table.Number(file.Parameters, "#,0")} parameters, {Table.Number(cut.Bytes / 1e6, "0.0")} MB");
            return ExitCode.Done;
        });
        return command;
    }
}
