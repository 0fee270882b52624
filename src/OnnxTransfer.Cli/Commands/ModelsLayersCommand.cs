using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models layers ID|FILE</c></summary>
internal static class ModelsLayersCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var size = new Option<string?>("--size") { Description = "The size of the images, for a network that accepts any size. Default: the size in its card.", HelpName = "SIDE|HxW" };
        var json = CommonOptions.Json();
        var command = new Command("layers", "List every tensor of a model that can be a feature, for --layer and `models cut --at`.") { model, size, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var wanted = parsed.GetValue(size) is { } text ? Parse(text) : ((int, int)?)null;
            var file = await CommonOptions.ReadAsync(parsed.GetRequiredValue(model), cancellationToken).ConfigureAwait(false);
            var layers = wanted is (int height, int width) ? file.LayersAt(height, width) : file.Layers;
            if (parsed.GetValue(json)) JsonOutput.Write([.. layers.Select(TensorJson.From)], JsonContracts.Default.IReadOnlyListTensorJson);
            else Print(layers);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(IReadOnlyList<ModelTensor> layers) => Table.Write(
        ["layer", "operator", "shape", "features", "parameters so far"],
        [.. layers.Select(layer => (IReadOnlyList<string>)
            [layer.Name, layer.Operator ?? "", TensorJson.ShapeText(layer.Shape), layer.Dim?.ToString(CultureInfo.InvariantCulture) ?? "-", Table.Number(layer.ParametersSoFar, "#,0")])]);

    private static (int Height, int Width) Parse(string text)
    {
        var sides = text.Split('x').Select(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) ? pixels : 0).ToArray();
        return sides is [> 0] or [> 0, > 0] ? (sides[0], sides[^1]) : throw new UsageException($"--size {text} is no size; write pixels as 224 or as height and width 224x320.");
    }
}
