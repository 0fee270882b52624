using System.CommandLine;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary><c>onnxtransfer models info ID|FILE</c></summary>
internal static class ModelsInfoCommand
{
    internal static Command Create()
    {
        var model = CommonOptions.Model();
        var classes = new Option<int?>("--classes") { Description = "Also count the parameters of a linear head with this number of classes.", HelpName = "C" };
        classes.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < 2) result.AddError("--classes must be at least 2.");
        });
        var json = CommonOptions.Json();
        var command = new Command("info", "Show a model's tensors, parameters, cost, preprocessing, origin and license.") { model, classes, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(model);
            // What is not on this machine is described by the catalog, not downloaded for a question.
            var store = new ModelStore();
            var info = store.TryFind(name, out var listed) && !store.Contains(listed.Id)
                ? Describe(listed)
                : Describe(await CommonOptions.ReadAsync(name, cancellationToken).ConfigureAwait(false), parsed.GetValue(classes));
            if (parsed.GetValue(json)) JsonOutput.Write(info, JsonContracts.Default.ModelInfoJson);
            else Print(info);
            return ExitCode.Done;
        });
        return command;
    }

    private static ModelInfoJson Describe(ModelInfo model) => new()
    {
        Id = model.Id,
        Present = false,
        Bytes = model.Bytes,
        Sha256 = model.Sha256,
        License = model.License,
        Source = model.Source,
        Top1 = model.Top1,
        Top5 = model.Top5,
        Layout = model.Layout.ToString().ToUpperInvariant(),
        Height = model.Height,
        Width = model.Width,
        Dim = model.Dim,
        Preprocess = PreprocessJson.From(model.Preprocess),
    };

    private static ModelInfoJson Describe(ModelFile file, int? classes)
    {
        var model = file.Info;
        var known = model is null ? new ModelInfoJson { Id = Path.GetFileNameWithoutExtension(file.Path) } : Describe(model);
        var trainable = classes is { } count ? file.TrainableParameters(count) : null;
        return known with
        {
            Present = true,
            Path = file.Path,
            Bytes = file.Bytes,
            Sha256 = file.Sha256,
            Producer = file.Producer,
            Opset = file.Opset,
            IrVersion = file.IrVersion,
            Inputs = [.. file.Inputs.Select(TensorJson.From)],
            Outputs = [.. file.Outputs.Select(TensorJson.From)],
            Layout = file.Layout.ToString().ToUpperInvariant(),
            Height = file.Height ?? known.Height,
            Width = file.Width ?? known.Width,
            WhyBatchFixed = file.WhyBatchFixed,
            FeaturesNote = file.FeaturesNote,
            Features = file.Features?.Name,
            Dim = file.Features?.Dim ?? model?.Dim,
            Parameters = new ParametersJson(file.Parameters, file.FrozenParameters, classes, trainable, file.FrozenParameters + trainable),
            FlopsPerImage = file.FlopsPerImage,
        };
    }

    private static void Print(ModelInfoJson info)
    {
        Line("id", info.Id);
        Line("file", info.Path ?? $"not on this machine; `onnxtransfer models pull {info.Id}` downloads it");
        if (info.Bytes is { } bytes) Line("size", $"{Table.Number(bytes / 1e6, "0.0")} MB");
        foreach (var input in info.Inputs ?? []) Line("input", input.Text);
        foreach (var output in info.Outputs ?? []) Line("output", output.Text);
        Line("images", $"{info.Layout}{(info.Height is null ? ", any size" : $" {info.Height}x{info.Width}")}{(info.WhyBatchFixed is null ? "" : ". " + info.WhyBatchFixed)}");
        Line("features", info.Dim is null ? "not known; choose a layer" : $"{info.Dim} numbers{(info.Features is null ? "" : $", '{info.Features}'")}");
        if (info.FeaturesNote is { } note) Line("", note);
        if (info.Parameters is { } parameters) PrintParameters(parameters, info.FlopsPerImage);
        if (info.Opset is not null) Line("made by", $"{(info.Producer!.Length > 0 ? info.Producer : "a tool not stated")}, opset {info.Opset}, IR version {info.IrVersion}");
        if (info.Top1 is { } top1) Line("ImageNet", $"top-1 {Table.Number(top1, "0.0")}%{(info.Top5 is { } top5 ? $", top-5 {Table.Number(top5, "0.0")}%" : "")}");
        Line("pixels", info.Preprocess is { } preprocess ? Describe(preprocess) : "not stated: name it by --preprocess, or write a card with `onnxtransfer models card`");
        Line("license", info.License ?? "not stated");
        Line("source", info.Source ?? "not stated");
        if (info.Sha256 is not null) Line("sha256", info.Sha256);
    }

    private static void PrintParameters(ParametersJson parameters, long? flops)
    {
        Line("parameters", $"{Table.Number(parameters.File, "#,0")} in the file, {Table.Number(parameters.Frozen, "#,0")} up to the features");
        if (parameters is { Trainable: { } trainable, Total: { } total })
            Line("", $"with a head of {parameters.Classes} classes {Table.Number(total, "#,0")}: {Table.Number(trainable, "#,0")} trainable, {Table.Number(parameters.Frozen, "#,0")} frozen");
        Line("cost", flops is { } count ? $"{Table.Number(count / 1e9, "0.00")} GFLOPs per image" : "not known, because the graph leaves a shape open");
    }

    private static string Describe(PreprocessJson preprocess)
    {
        var size = preprocess.ShortestEdge is { } edge ? $"shorter side to {edge}" : $"stretched to {preprocess.Width}x{preprocess.Height}";
        var crop = preprocess.CropSize is { } side ? $", crop {side}" : preprocess.Crop is { } rectangle ? $", crop {rectangle.Width}x{rectangle.Height}" : "";
        return $"{size} ({preprocess.Filter}){crop}, {preprocess.Channels}, (pixel * {Table.Number(preprocess.Rescale, "0.######")} - {List(preprocess.Mean)}) / {List(preprocess.Std)}";

        static string List(IReadOnlyList<double> values) => $"[{string.Join(", ", values.Select(value => Table.Number(value, "0.####")))}]";
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-10}  {value}");
}
