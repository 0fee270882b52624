using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models list | pull ID | info ID|FILE | layers ID|FILE | cut ID|FILE | weights ID|FILE | draw ID|FILE | card FILE | convert FILE</c></summary>
internal static class ModelsCommand
{
    internal static Command Create() => new("models", "List, download, inspect, convert and change pretrained networks.")
    {
        CreateList(), CreatePull(), ModelsInfoCommand.Create(), ModelsLayersCommand.Create(), ModelsCutCommand.Create(), ModelsWeightsCommand.Create(), ModelsDrawCommand.Create(),
        ModelsCardCommand.Create(), ModelsConvertCommand.Create(),
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
