using System.CommandLine;
using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models info ID|FILE</c></summary>
internal static class ModelsInfoCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var classes = new Option<int?>("--classes") { Description = "Count the parameters with a linear classifier of so many classes behind the features.", HelpName = "C" };
        classes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < 2) result.AddError("--classes must be at least 2.");
        });
        var json = CommonOptions.Json();
        var command = new Command("info", "What is known of a model: tensors, parameters, cost, preprocessing, origin, licence.") { model, classes, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(model);
            var entry = ModelCatalog.Default.TryFind(name, out var found) ? found : null;
            // What is not on this machine is described by the catalogue, not downloaded for a question.
            var info = entry is not null && !new ModelStore().Contains(entry)
                ? Describe(entry)
                : Describe(await CommonOptions.ReadAsync(name, cancellationToken).ConfigureAwait(false), entry, parsed.GetValue(classes));
            if (parsed.GetValue(json)) JsonOutput.Write(info, JsonContracts.Default.ModelInfoJson);
            else Print(info);
            return ExitCode.Done;
        });
        return command;
    }

    private static ModelInfoJson Describe(CatalogEntry entry) => new()
    {
        Id = entry.Id,
        Present = false,
        Bytes = entry.Bytes,
        Sha256 = entry.Card.Sha256,
        License = entry.Card.License,
        Source = entry.Card.Source,
        Top1 = entry.Top1,
        Top5 = entry.Top5,
        Layout = entry.Card.Input.Layout.ToString().ToUpperInvariant(),
        Height = entry.Card.Input.Height,
        Width = entry.Card.Input.Width,
        Features = entry.Card.Features.Tensor,
        Dim = entry.Card.Features.Dim,
        Preprocess = Preprocess(entry.Card),
    };

    private static ModelInfoJson Describe(ModelFile file, CatalogEntry? entry, int? classes)
    {
        var trainable = classes is { } count ? file.TrainableParameters(count) : null;
        return new ModelInfoJson
        {
            Id = file.Card?.Id ?? Path.GetFileNameWithoutExtension(file.Path),
            Present = true,
            Path = file.Path,
            Bytes = file.Bytes,
            Sha256 = file.Sha256,
            License = file.Card?.License,
            Source = file.Card?.Source,
            Top1 = entry?.Top1,
            Top5 = entry?.Top5,
            Producer = file.Producer,
            Opset = file.Opset,
            IrVersion = file.IrVersion,
            Inputs = [.. file.Inputs.Select(TensorJson.From)],
            Outputs = [.. file.Outputs.Select(TensorJson.From)],
            Layout = file.Layout.ToString().ToUpperInvariant(),
            Height = file.Card?.Input.Height,
            Width = file.Card?.Input.Width,
            WhyBatchFixed = file.WhyBatchFixed,
            Features = file.Features?.Name,
            Dim = file.Features?.Dim ?? file.Card?.Features.Dim,
            Parameters = new ParametersJson(file.Parameters, file.FrozenParameters, classes, trainable, file.FrozenParameters + trainable),
            FlopsPerImage = file.FlopsPerImage,
            Preprocess = file.Card is null ? null : Preprocess(file.Card),
        };
    }

    /// <summary>As it stands in a <c>.model.json</c>.</summary>
    private static JsonElement Preprocess(ModelCard card)
    {
        using var document = JsonDocument.Parse(card.ToJson());
        return document.RootElement.GetProperty("preprocess").Clone();
    }

    private static void Print(ModelInfoJson info)
    {
        Line("id", info.Id);
        Line("file", info.Path ?? $"not on this machine; `onnxtransfer models pull {info.Id}` gets it");
        if (info.Bytes is { } bytes) Line("size", $"{Table.Number(bytes / 1e6, "0.0")} MB");
        foreach (var input in info.Inputs ?? []) Line("input", input.Text);
        foreach (var output in info.Outputs ?? []) Line("output", output.Text);
        Line("images", $"{info.Layout}{(info.Height is null ? ", any size" : $" {info.Height}x{info.Width}")}{(info.WhyBatchFixed is null ? "" : ". " + info.WhyBatchFixed)}");
        Line("features", info.Features is null ? "not known; choose a layer" : $"{info.Features}, {info.Dim?.ToString() ?? "?"} numbers");
        if (info.Parameters is { } parameters) PrintParameters(parameters, info.FlopsPerImage);
        if (info.Opset is not null) Line("made by", $"{(info.Producer!.Length > 0 ? info.Producer : "a tool not stated")}, opset {info.Opset}, IR version {info.IrVersion}");
        if (info.Top1 is { } top1) Line("ImageNet", $"top-1 {Table.Number(top1, "0.0")}%{(info.Top5 is { } top5 ? $", top-5 {Table.Number(top5, "0.0")}%" : "")}");
        Line("pixels", info.Preprocess is { } preprocess ? Describe(preprocess) : "preprocessing not stated; it needs a .model.json beside the file");
        Line("licence", info.License ?? "not stated");
        Line("source", info.Source ?? "not stated");
        if (info.Sha256 is not null) Line("sha256", info.Sha256);
    }

    private static void PrintParameters(ParametersJson parameters, long? flops)
    {
        Line("parameters", $"{Table.Number(parameters.File, "#,0")} in the file, {Table.Number(parameters.Frozen, "#,0")} up to the features");
        if (parameters is { Trainable: { } trainable, Total: { } total })
            Line("", $"with a head of {parameters.Classes} classes {Table.Number(total, "#,0")}: {Table.Number(trainable, "#,0")} trainable, {Table.Number(parameters.Frozen, "#,0")} frozen");
        Line("cost", flops is { } count ? $"{Table.Number(count / 1e9, "0.00")} GFLOPs per image" : "not known: a shape on the way does not follow from the graph");
    }

    private static string Describe(JsonElement preprocess)
    {
        var resize = preprocess.GetProperty("resize");
        var size = resize.TryGetProperty("size", out var side) ? $"{side}" : $"{resize.GetProperty("height")}x{resize.GetProperty("width")}";
        var crop = preprocess.TryGetProperty("crop", out var cut) && cut.ValueKind == JsonValueKind.Object ? $", crop {cut.GetProperty("size")}" : "";
        return $"{resize.GetProperty("mode").GetString()} {size} {resize.GetProperty("filter").GetString()}{crop}, {preprocess.GetProperty("channels").GetString()}, "
            + $"(pixel * {Table.Number(preprocess.GetProperty("rescale").GetDouble(), "0.######")} - {List("mean")}) / {List("std")}";

        string List(string name) => $"[{string.Join(", ", preprocess.GetProperty(name).EnumerateArray().Select(value => Table.Number(value.GetDouble(), "0.####")))}]";
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-10}  {value}");
}
