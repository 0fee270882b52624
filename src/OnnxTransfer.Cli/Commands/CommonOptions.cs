using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OnnxTransfer.Cli.Output;

namespace OnnxTransfer.Cli.Commands;

/// <summary>Options and arguments that several commands share.</summary>
internal static class CommonOptions
{
    internal const string DefaultBackbone = "mobilenet-v2";

    private const string BackboneHelp = "ID|PATH|hf:owner/name";

    private static readonly Dictionary<string, ResizeFilter> s_upsampling = new()
    {
        ["nearest"] = ResizeFilter.TensorFlowNearest,
        ["bilinear"] = ResizeFilter.TensorFlowBilinear,
    };

    private static readonly Dictionary<string, NetworkPrecision> s_precisions = new()
    {
        ["fp32"] = NetworkPrecision.Float32,
        ["fp16"] = NetworkPrecision.Float16,
        ["int8"] = NetworkPrecision.Int8,
        ["auto"] = NetworkPrecision.Auto,
    };

    private static readonly KeyValuePair<string, FeaturePooling>[] s_poolings =
    [
        new("average", FeaturePooling.Average),
        new("max", FeaturePooling.Max),
        new("flatten", FeaturePooling.Flatten),
        new("none", FeaturePooling.None),
        new("cls", FeaturePooling.Cls),
        new("mean-tokens", FeaturePooling.MeanTokens),
        new("cls+mean", FeaturePooling.ClsAndMean),
        new("cls4+mean", FeaturePooling.LastFourAndMean),
    ];

    internal static Option<bool> Json() => new("--json") { Description = "Print one JSON document on standard output." };

    internal static Option<string> Backbone() => new("--backbone")
    {
        Description = "An id of `onnxtransfer models list`, the path of an .onnx file or of a folder with a model of Hugging Face or timm, or hf:owner/name; resnet18 needs no download.",
        DefaultValueFactory = _ => DefaultBackbone,
        HelpName = BackboneHelp,
    };

    /// <summary>A backbone that something else names where the user does not.</summary>
    internal static Option<string?> OwnBackbone(string description) => new("--backbone") { Description = description, HelpName = BackboneHelp };

    /// <summary>The preprocessing of a backbone by name; the library knows the names.</summary>
    internal static Option<string?> Preprocess()
    {
        var option = new Option<string?>("--preprocess")
        {
            Description = "The preprocessing of a model that states none, or instead of its own. torch: mean and deviation of ImageNet. tf: RGB in [-1,1]. tf-unit: RGB in [0,1]. caffe: BGR minus a mean. "
                + "raw: RGB of 0 to 255. keras-MODULE: as keras.applications.MODULE, such as keras-resnet50. @SIDE sets the size for a network that takes any, as clip@336.",
            HelpName = PresetHelp,
        };
        option.Validators.Add(result =>
        {
            try
            {
                if (result.Tokens is [var token]) _ = new FeatureExtractorOptions { Preset = token.Value };
            }
            catch (ArgumentException exception)
            {
                result.AddError($"{option.Name} {result.Tokens[0].Value}: {Failure.Describe(exception)}");
            }
        });
        return option;
    }

    /// <summary>The names of preprocessings, the families of Keras as one.</summary>
    internal static string PresetHelp => string.Join('|', [.. PreprocessSpec.PresetNames.Where(name => !name.StartsWith("keras-", StringComparison.Ordinal)), "keras-MODULE"]);

    internal static OutputOption Report() => new("--report") { Description = "Also write an HTML report: accuracy, curves, mistakes, images, all in one file.", HelpName = "FILE.html" };

    internal static Option<string?> Upsample()
    {
        var option = new Option<string?>("--upsample")
        {
            Description = "How to enlarge images of which neither side is larger than the network's input; they are not cropped. Default: the model's own preprocessing.",
            HelpName = string.Join('|', s_upsampling.Keys),
        };
        option.AcceptOnlyFromAmong([.. s_upsampling.Keys]);
        return option;
    }

    internal static Option<string> Precision()
    {
        var option = new Option<string>("--precision")
        {
            Description = "The number format that the network computes in. int8 is calibrated on these images; auto measures whether another format than fp32 is worth it.",
            DefaultValueFactory = _ => "fp32",
        };
        option.AcceptOnlyFromAmong([.. s_precisions.Keys]);
        return option;
    }

    internal static Option<string> Cache() => new("--cache")
    {
        Description = "The folder that keeps feature vectors for later runs; none computes all vectors in every run.",
        DefaultValueFactory = _ => DefaultCache(),
        HelpName = "DIR|none",
    };

    /// <summary>An account without a home folder, as in a container, has nowhere to keep vectors; the work goes on without.</summary>
    private static string DefaultCache()
    {
        try
        {
            return FeatureCache.DefaultFolder;
        }
        catch (DirectoryNotFoundException)
        {
            return "none";
        }
    }

    internal static Option<int> Top() => Positive("--top", "How many classes to show for each image.", 3, "K");

    internal static Argument<string> Classifier() => new("FILE.onnx") { Description = "A classifier that `onnxtransfer train` saved." };

    internal static Option<int> Positive(string name, string description, int value, string help) => AtLeast(1, name, description, value, help);

    /// <summary>A number that a rule must hold for; <paramref name="rule"/> says it in words.</summary>
    internal static Option<double> Number(string name, string description, double value, string help, Func<double, bool> holds, string rule)
    {
        return new Option<double>(name)
        {
            Description = description,
            DefaultValueFactory = _ => value,
            HelpName = help,
            CustomParser = result => ParseNumber(result, name, holds, rule),
        };
    }

    /// <summary>A number with a point, whatever the locale; a comma would be taken for a separator of thousands.</summary>
    internal static double ParseNumber(ArgumentResult result, string name, Func<double, bool> holds, string rule)
    {
        var number = double.TryParse(result.Tokens[^1].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : double.NaN;
        if (!holds(number)) result.AddError($"{name} {result.Tokens[^1].Value}: it must be {rule}.");
        return number;
    }

    /// <summary>The probability below which the answer is "unknown".</summary>
    internal static Option<double?> UnknownBelow(string description) => Share("--unknown-below", description, "P", share => share is >= 0 and <= 1, "a probability from 0 to 1, such as 0.7");

    /// <summary>A share that may be left out; <paramref name="rule"/> says in words what must hold.</summary>
    internal static Option<double?> Share(string name, string description, string help, Func<double, bool> holds, string rule) => new(name)
    {
        Description = description,
        HelpName = help,
        CustomParser = result => ParseNumber(result, name, holds, rule),
    };

    internal static Option<int> NonNegative(string name, string description, int value, string help) => AtLeast(0, name, description, value, help);

    internal static Option<int> Folds(string description) => AtLeast(2, "--folds", description, 5, "K");

    internal static Option<string[]> Layers(string name = "--layer") => new(name)
    {
        Description = "The layers whose tensors are the features, joined in this order (see `onnxtransfer models layers`).",
        CustomParser = result => [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
        HelpName = "NAME[,NAME]",
    };

    internal static Option<FeaturePooling> Pooling() => Named(
        "--pooling",
        "How to reduce a layer's height and width, or the tokens of a transformer. cls: the class token. mean-tokens: the mean of the patches. "
            + "cls+mean: both. cls4+mean: the class tokens of the last four blocks and the mean of the patches, as DINOv2 is evaluated.",
        s_poolings);

    /// <summary>A value by its name; the first is the default.</summary>
    internal static Option<T> Named<T>(string name, string description, IReadOnlyList<KeyValuePair<string, T>> values)
    {
        string[] names = [.. values.Select(value => value.Key)];
        var option = new Option<T>(name)
        {
            Description = description,
            DefaultValueFactory = _ => values[0].Value,
            HelpName = string.Join('|', names),
            CustomParser = result =>
            {
                var at = Array.FindIndex(names, one => string.Equals(one, result.Tokens[^1].Value, StringComparison.OrdinalIgnoreCase));
                if (at < 0) result.AddError($"{name} {result.Tokens[^1].Value} is not one of {string.Join(", ", names)}.");
                return values[Math.Max(0, at)].Value;
            },
        };
        // Those of an enumeration would be its names in C#.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(names);
        return option;
    }

    /// <summary>What the library's Threads means; the library says which numbers it takes.</summary>
    internal static Option<int> Threads()
    {
        var option = new Option<int>("--threads") { Description = "The number of CPU threads; 0 uses one thread for each core that the process may use.", DefaultValueFactory = _ => 0, HelpName = "T" };
        option.Validators.Add(result =>
        {
            try
            {
                if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out var threads)) _ = new FeatureExtractorOptions { Threads = threads };
            }
            catch (ArgumentException exception)
            {
                result.AddError($"{option.Name}: {Failure.Describe(exception)}");
            }
        });
        return option;
    }

    /// <summary>A value of an enumeration by its name; a number is none.</summary>
    internal static Option<TEnum> Choice<TEnum>(string name, string description, TEnum value)
        where TEnum : struct, Enum
    {
        var names = Enum.GetNames<TEnum>().Select(one => one.ToLowerInvariant()).ToArray();
        var option = new Option<TEnum>(name) { Description = description, DefaultValueFactory = _ => value, HelpName = string.Join('|', names) };
        option.CompletionSources.Clear();
        option.CompletionSources.Add(names);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !names.Contains(token.Value, StringComparer.OrdinalIgnoreCase)) result.AddError($"{name} {token.Value} is not one of {string.Join(", ", names)}.");
        });
        return option;
    }

    internal static Argument<string> Model() => new("ID|PATH|hf:owner/name") { Description = "An id of `onnxtransfer models list`, the path of an .onnx file or of a model's folder, or a model of the Hugging Face hub." };

    /// <param name="machine">Where the network runs.</param>
    /// <param name="precision">A name of <see cref="Precision"/>.</param>
    /// <param name="cache">The cache's folder; null or "none" for no cache.</param>
    /// <param name="upsampling">How small images are enlarged; null to leave that to the model's preprocessing.</param>
    /// <param name="preprocess">A value of <see cref="Preprocess"/>; null for the model's own.</param>
    internal static FeatureExtractorOptions Extractor(
        FeatureExtractorOptions machine, string precision = "fp32", string? cache = null, string? upsampling = null, string? preprocess = null) => machine with
    {
        Preset = preprocess,
        Precision = s_precisions[precision],
        Cache = OpenCache(cache),
        Upsampling = upsampling is null ? null : s_upsampling[upsampling],
    };

    /// <summary>The cache of <see cref="Cache"/>; null for none.</summary>
    internal static FeatureCache? OpenCache(string? folder) => folder is null or "none" ? null : new FeatureCache(folder);

    /// <summary>Says on standard error when a cache was given up.</summary>
    internal static void WarnCache(FeatureExtractorOptions options)
    {
        if (options.Cache?.Rebuilt is { } rebuilt) Console.Error.WriteLine($"warning: {rebuilt}");
        if (options.Cache?.Problem is { } problem) Console.Error.WriteLine($"warning: {problem} This run continued without the cache.");
    }

    /// <summary>What the network computes with, on standard error where it is not plain float32.</summary>
    internal static void TellPrecision(FeatureExtractor extractor, FeatureExtractorOptions options)
    {
        if (options.Precision == NetworkPrecision.Float32 && extractor.Precision == NetworkPrecision.Float32) return;
        var json = ToJson(extractor);
        var measured = json is { Similarity: { } similarity, Speedup: { } speedup }
            ? $" Similarity to float32 {Table.Number(similarity, "0.0000")}, {Table.Number(speedup, "0.00")} times its speed."
            : "";
        Console.Error.WriteLine($"computing in {json.Used}: {json.Reason}{measured}");
    }

    internal static PrecisionJson ToJson(FeatureExtractor extractor) => new(
        s_precisions.First(pair => pair.Value == extractor.Precision).Key, extractor.PrecisionReason, extractor.PrecisionSimilarity, extractor.PrecisionSpeedup);

    /// <summary>Reads the file of a model, with a bar for its download.</summary>
    internal static Task<ModelFile> ReadAsync(string model, CancellationToken cancellationToken) =>
        Progress.RunAsync($"Opening {model}", report => ModelFile.OpenAsync(model, store: null, report, cancellationToken));

    /// <summary>Checks before images are listed that a backbone is a file, or an id that the catalog has.</summary>
    internal static void RequireBackbone(string backbone)
    {
        var isPath = Path.Exists(backbone) || backbone.AsSpan().ContainsAny('/', '\\', ':') || backbone.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);
        if (!isPath) _ = new ModelStore().Find(backbone);
        else if (backbone.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && !File.Exists(backbone))
            throw new FileNotFoundException($"There is no file '{backbone}' (looked for {Path.GetFullPath(backbone)}): check the path, or name a model that `onnxtransfer models list` shows.");
    }

    /// <summary>Opens a backbone with a bar for its download, and says on standard error what is not certain about it.</summary>
    internal static async Task<FeatureExtractor> OpenAsync(string backbone, FeatureExtractorOptions options, CancellationToken cancellationToken)
    {
        var extractor = await Progress.RunAsync($"Opening {backbone}", report => FeatureExtractor.LoadAsync(backbone, options, report, cancellationToken)).ConfigureAwait(false);
        Warn(extractor.Model);
        return extractor;
    }

    /// <summary>What is not certain about a model, on standard error.</summary>
    internal static void Warn(ModelInfo? model)
    {
        foreach (var warning in model?.Warnings ?? []) Console.Error.WriteLine($"warning: {warning}");
    }

    /// <summary>The images skipped, on standard error, each with its reason.</summary>
    internal static void WarnSkipped(IReadOnlyList<SkippedImage> skipped)
    {
        if (skipped.Count == 0) return;
        Console.Error.WriteLine(skipped.Count == 1 ? "1 image skipped:" : $"{skipped.Count} images skipped:");
        foreach (var image in skipped) Console.Error.WriteLine($"  {image.Id}: {image.Reason}");
        if (skipped.Count(image => image.TimedOut) is > 0 and var stopped)
            Console.Error.WriteLine($"warning: {(stopped == 1 ? "1 decode was" : $"{stopped} decodes were")} stopped by the clock; another run may use other images.");
    }

    /// <summary>What makes used images doubtful, on standard error.</summary>
    internal static void WarnDoubtful(IReadOnlyList<ImageWarning> warnings)
    {
        if (warnings.Count == 0) return;
        Console.Error.WriteLine(warnings.Count == 1 ? "1 image used with a warning (--strict refuses it):" : $"{warnings.Count} warnings about images that were used (--strict refuses these images):");
        foreach (var warning in warnings) Console.Error.WriteLine($"  {warning.Id}: {warning.Text}");
    }

    internal static IReadOnlyList<WarningJson> ToJson(IReadOnlyList<ImageWarning> warnings) => [.. warnings.Select(warning => new WarningJson(warning.Id, warning.Text, warning.Label, SplitName(warning.Split)))];

    internal static ImageJson ToJson(CheckedImage image) => new(image.Id, image.Label, SplitName(image.Split));

    internal static string? SplitName(DataSplit split) => split == DataSplit.Auto ? null : split.ToString().ToLowerInvariant();

    internal static IReadOnlyList<SkippedJson> ToJson(IReadOnlyList<SkippedImage> skipped) => [.. skipped.Select(image => new SkippedJson(image.Id, image.Reason, image.Label, SplitName(image.Split), image.TimedOut))];

    private static Option<int> AtLeast(int least, string name, string description, int value, string help)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value, HelpName = help };
        option.Validators.Add(result =>
        {
            // A value that is no number has an error of its own already, and no value to ask for.
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < least) result.AddError($"{name} must be at least {least}.");
        });
        return option;
    }
}
