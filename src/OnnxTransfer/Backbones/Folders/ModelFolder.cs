using System.Globalization;

namespace OnnxTransfer.Backbones.Folders;

/// <summary>
/// A folder of a model as other tools write it: Hugging Face's optimum and transformers.js (<c>model.onnx</c> or <c>onnx/model.onnx</c>,
/// <c>config.json</c>, <c>preprocessor_config.json</c>) and timm (<c>config.json</c> with <c>pretrained_cfg</c>).
/// </summary>
internal static class ModelFolder
{
    /// <summary>The subfolder of transformers.js.</summary>
    internal const string Subfolder = "onnx";

    /// <summary>
    /// The files that state what a graph does not, in the folder of the model.
    /// </summary>
    internal static IReadOnlyList<string> ConfigNames { get; } = ["config.json", "preprocessor_config.json", "processor_config.json"];

    /// <summary>The ONNX files that are taken without being named, the first that exists. The image tower of a model of images and texts comes before the whole.</summary>
    internal static IReadOnlyList<string> UsualFiles { get; } = ["vision_model.onnx", $"{Subfolder}/vision_model.onnx", "model.onnx", $"{Subfolder}/model.onnx"];

    /// <summary>The ONNX file of a folder.</summary>
    /// <exception cref="ModelNotFoundException">There is none, or several and no usual name among them.</exception>
    internal static string Choose(string folder)
    {
        foreach (var name in UsualFiles)
            if (Path.Combine(folder, name) is var path && File.Exists(path)) return path;
        string[] all = [.. Files(folder), .. Files(Path.Combine(folder, Subfolder))];
        return all is [var only] ? only : throw Throw.NoModelInFolder(folder, all);
    }

    /// <summary>The name of a folder, which is the name of the model in it.</summary>
    internal static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    /// <summary>What is stated about an ONNX file: by the <c>.model.json</c> beside it, or by the files of its folder; nothing where there are none.</summary>
    /// <exception cref="ModelException">A file cannot be read, or says something that cannot be done here.</exception>
    internal static CardFacts FactsOf(string onnxPath)
    {
        var card = ModelCard.PathFor(onnxPath);
        if (File.Exists(card)) return CardFacts.Load(card);
        var folder = Path.GetDirectoryName(Path.GetFullPath(onnxPath))!;
        if (Path.GetFileName(folder) == Subfolder && !ConfigNames.Any(name => File.Exists(Path.Combine(folder, name)))) folder = Path.GetDirectoryName(folder)!;
        return FactsIn(folder);
    }

    private static CardFacts FactsIn(string folder)
    {
        var config = ConfigFile.Load(Path.Combine(folder, "config.json"));
        var processor = ConfigFile.Load(Path.Combine(folder, "preprocessor_config.json"))
            ?? ConfigFile.Load(Path.Combine(folder, "processor_config.json"))?.Object("image_processor");
        if (config is null && processor is null) return CardFacts.None;
        var warnings = new List<string>();
        var facts = CardFacts.None with { ClassNames = config is null ? [] : NamesOf(config, warnings), StatedBy = config?.Origin };
        if (config?.Object("pretrained_cfg") is { } timm) return Timm(facts, timm, warnings);
        if (processor is null) return facts with { Warnings = warnings };
        var spec = ImageProcessor.Read(processor, config?.Text("model_type"), warnings);
        return facts with { Preprocess = PreprocessChoice.Of(spec), StatedBy = processor.Origin, Warnings = warnings };
    }

    private static CardFacts Timm(CardFacts facts, ConfigFile timm, List<string> warnings)
    {
        facts = facts with { Preprocess = PreprocessChoice.Of(TimmConfig.Read(timm)), License = timm.Text("license"), Warnings = warnings };
        if (TimmConfig.ReadTestSize(timm) is not { } test || PreprocessChoice.Of(test) is var atTest && atTest == facts.Preprocess) return facts;
        var (size, testSize) = (facts.Preprocess!.Size!.Value, test.OutputSize);
        var twoSizes = $"{timm.Origin} names two sizes: {size.Width}x{size.Height} (input_size), which timm uses, and {testSize.Width}x{testSize.Height} (test_input_size), which transformers uses.";
        return facts with
        {
            Warnings = [.. warnings, $"{twoSizes} {size.Width}x{size.Height} is used here."],
            AtTestSize = facts with { Preprocess = PreprocessChoice.Of(test), Warnings = [.. warnings, $"{twoSizes} The file takes {testSize.Width}x{testSize.Height}, so that is used here."] },
        };
    }

    /// <summary>The names of the classes: <c>id2label</c> of Hugging Face or <c>label_names</c> of timm; empty where they are placeholders.</summary>
    private static IReadOnlyList<string> NamesOf(ConfigFile config, List<string> warnings)
    {
        if (config.Object("id2label") is { } labels)
        {
            var names = new SortedDictionary<int, string>();
            foreach (var label in labels.Node.EnumerateObject())
            {
                if (!int.TryParse(label.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) throw labels.Refused(label.Name, "must be the number of a class.");
                names[index] = labels.Text(label.Name) ?? "";
            }

            return Usable(config, "id2label", [.. names.Values], names.Keys.SequenceEqual(Enumerable.Range(0, names.Count)), warnings);
        }

        return config.IsList("label_names") ? Usable(config, "label_names", config.Texts("label_names"), isWhole: true, warnings) : [];
    }

    private static IReadOnlyList<string> Usable(ConfigFile config, string field, IReadOnlyList<string> names, bool isWhole, List<string> warnings)
    {
        // Names that nobody gave, as transformers writes them.
        if (names.Select((name, i) => name == $"LABEL_{i}").All(placeholder => placeholder)) return [];
        if (!isWhole || names.Any(string.IsNullOrWhiteSpace))
        {
            warnings.Add($"{config.Origin}: the names of the classes ({field}) have gaps or are empty, so they are not used.");
            return [];
        }

        // ImageNet has two cranes, a bird and a machine.
        var twice = names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet(StringComparer.Ordinal);
        return [.. names.Select((name, i) => twice.Contains(name) ? string.Create(CultureInfo.InvariantCulture, $"{name} ({i})") : name)];
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.onnx").Order(StringComparer.Ordinal) : [];
}
