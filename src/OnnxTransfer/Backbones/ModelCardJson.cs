using System.Text.Json;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;

namespace OnnxTransfer.Backbones;

/// <summary>The <c>.model.json</c> format: its spellings, what is required and what fits together.</summary>
internal static class ModelCardJson
{
    private static readonly (TensorLayout, string)[] s_layouts = [(TensorLayout.Nchw, "NCHW"), (TensorLayout.Nhwc, "NHWC")];

    private static readonly (ScoreKind, string)[] s_kinds = [(ScoreKind.Logits, "logits"), (ScoreKind.Probabilities, "probabilities")];

    /// <summary>By whether it is the shortest edge that a resize brings to a size.</summary>
    private static readonly (bool, string)[] s_modes = [(false, "stretch"), (true, "shortest-edge")];

    /// <summary>By whether blue comes first.</summary>
    private static readonly (bool, string)[] s_channels = [(false, "RGB"), (true, "BGR")];

    private static readonly (ResizeFilter, string)[] s_filters =
    [
        (ResizeFilter.PillowBilinear, "pillow-bilinear"),
        (ResizeFilter.PillowBicubic, "pillow-bicubic"),
        (ResizeFilter.TensorFlowBilinear, "tf-bilinear"),
        (ResizeFilter.OpenCvLinear, "opencv-linear"),
        (ResizeFilter.Nearest, "nearest"),
        (ResizeFilter.TensorFlowNearest, "tf-nearest"),
        (ResizeFilter.PillowNearest, "pillow-nearest"),
        (ResizeFilter.PillowLanczos, "pillow-lanczos"),
        (ResizeFilter.PillowBox, "pillow-box"),
        (ResizeFilter.PillowHamming, "pillow-hamming"),
        (ResizeFilter.TorchBilinear, "torch-bilinear"),
    ];

    private static readonly (FeaturePooling, string)[] s_poolings = [.. Enum.GetValues<FeaturePooling>().Select(pooling => (pooling, OnnxGraphEditor.PoolingName(pooling)))];

    private static readonly (CropRounding, string)[] s_roundings = [(CropRounding.HalfToEven, "half-to-even"), (CropRounding.Down, "down")];

    /// <summary>Reads a whole card.</summary>
    internal static ModelCard Parse(ReadOnlySpan<byte> utf8, string origin) => Read(utf8, origin, whole: true).Whole!;

    /// <summary>Reads a card of which the graph may tell a part.</summary>
    internal static CardFacts ParseFacts(ReadOnlySpan<byte> utf8, string origin) => Read(utf8, origin, whole: false);

    internal static string Format(ModelCard card)
    {
        var document = ToDocument(card);
        // A card made in code must pass the reader's checks, so that every written file can be read.
        var problems = new JsonProblems($"The card of '{card.Id}'", new Dictionary<string, int>());
        FromDocument(document, new JsonFields(problems, ""), whole: true);
        problems.ThrowIfAny();
        return JsonSerializer.Serialize(document, BackboneJson.Context.CardDocument) + "\n";
    }

    private static CardFacts Read(ReadOnlySpan<byte> utf8, string origin, bool whole)
    {
        var document = JsonFile.Read(utf8, BackboneJson.Context.CardDocument, origin, out var problems);
        var facts = FromDocument(document, new JsonFields(problems, ""), whole);
        problems.ThrowIfAny();
        return facts;
    }

    /// <summary>The facts of a card; meaningless where a problem was noted.</summary>
    /// <param name="card">The content of the file.</param>
    /// <param name="fields">Where problems are noted.</param>
    /// <param name="whole">Whether everything must be there that a graph could tell.</param>
    internal static CardFacts FromDocument(CardDocument card, JsonFields fields, bool whole)
    {
        if (whole)
        {
            fields.Required(card.Input, "input");
            fields.Required(card.Features, "features");
            fields.Required(card.Preprocess, "preprocess");
        }

        var (inInput, inFeatures) = (fields.Within("input."), fields.Within("features."));
        var input = card.Input is { } stated
            ? new InputFacts(
                inInput.Text(stated.Tensor, "tensor", !whole), inInput.Choice(stated.Layout, "layout", s_layouts, !whole),
                inInput.Positive(stated.Height, "height", !whole), inInput.Positive(stated.Width, "width", !whole))
            : new InputFacts(null, null, null, null);
        var preprocess = card.Preprocess is { } steps ? Preprocess(steps, input.Height, fields.Within("preprocess.")) : null;
        if (preprocess?.Size is { } made && input is { Width: { } width, Height: { } height } && made != new ImageSize(width, height))
            fields.Report("preprocess", $"makes images of {made.Width}x{made.Height} pixels, but '{fields.Prefix}input' takes {width}x{height}; make the two sizes equal");
        return new CardFacts
        {
            Id = fields.Text(card.Id, "id", !whole),
            Sha256 = fields.Sha256(card.Sha256, "sha256"),
            License = card.License,
            Source = card.Source,
            Input = input,
            Features = card.Features is { } features
                ? new FeaturesFacts(
                    inFeatures.Text(features.Tensor, "tensor", !whole), inFeatures.Positive(features.Dim, "dim", !whole),
                    inFeatures.Choice(features.Pooling, "pooling", s_poolings, optional: true))
                : new FeaturesFacts(null, null),
            Classes = card.Classes is { } classes ? Classes(classes, fields.Within("classes."), whole) : null,
            Preprocess = preprocess,
        };
    }

    private static ClassesFacts Classes(ClassesDocument classes, JsonFields fields, bool whole) => new(
        fields.Text(classes.Tensor, "tensor", !whole),
        fields.Choice(classes.Kind, "kind", s_kinds, !whole),
        fields.Positive(classes.Count, "count", !whole),
        classes.Labels);

    private static PreprocessChoice? Preprocess(PreprocessDocument preprocess, int? inputSide, JsonFields fields)
    {
        var choice = preprocess.Preset is { } preset ? Preset(preprocess, preset, inputSide, fields) : SpelledOut(preprocess, fields);
        var upsampling = fields.Choice(preprocess.Upsampling, "upsampling", s_filters, optional: true);
        return choice is null ? null : choice with { Upsampling = upsampling };
    }

    private static PreprocessChoice? Preset(PreprocessDocument preprocess, string preset, int? inputSide, JsonFields fields)
    {
        if (preprocess with { Preset = null, Upsampling = null } != new PreprocessDocument(null, null, null, null, null, null))
        {
            fields.Report("preset", $"is '{preset}'. A preset fixes everything but the upsampling, so no other field may stand beside it: remove the other fields, or remove the preset");
            return null;
        }

        if (!PreprocessSpec.PresetNames.Contains(preset))
        {
            fields.ChoiceUnknown("preset", preset, PreprocessSpec.PresetNames);
            return null;
        }

        try
        {
            return inputSide is { } side ? PreprocessChoice.Parse($"{preset}@{side}") : PreprocessChoice.Parse(preset);
        }
        catch (ArgumentOutOfRangeException)
        {
            fields.NotUsable("preset", $"one for inputs of {inputSide} pixels", preset);
            return null;
        }
    }

    private static PreprocessChoice? SpelledOut(PreprocessDocument preprocess, JsonFields fields)
    {
        var before = fields.Problems.Count;
        var rescale = fields.Finite(preprocess.Rescale, "rescale");
        if (rescale == 0) fields.NotUsable("rescale", "a factor other than zero", "0");
        var (mean, std) = (Triple(preprocess.Mean, "mean", fields), Triple(preprocess.Std, "std", fields));
        if (std?.Contains(0) == true) fields.NotUsable("std", "three numbers other than zero", string.Join(", ", std));
        var bgr = fields.Choice(preprocess.Channels, "channels", s_channels);
        var (resize, filter) = fields.Required(preprocess.Resize, "resize") is { } steps
            ? (Resized(steps, preprocess.Crop, fields), fields.Within("resize.").Choice(steps.Filter, "filter", s_filters))
            : (null, null);
        if (fields.Problems.Count > before) return null;
        return PreprocessChoice.Of(new PreprocessSpec { Resize = resize!, Filter = filter!.Value, Rescale = rescale!.Value, Mean = mean!, Std = std!, Bgr = bgr!.Value });
    }

    private static Resize? Resized(ResizeDocument resize, CropDocument? crop, JsonFields fields)
    {
        var inResize = fields.Within("resize.");
        var rounding = fields.Within("crop.").Choice(crop?.Rounding, "rounding", s_roundings, optional: true) ?? CropRounding.HalfToEven;
        if (inResize.Choice(resize.Mode, "mode", s_modes) is not { } shortest) return null;
        if (!shortest)
        {
            if (resize.Size is not null) OutOfPlace("size", "stretch", "height and width");
            var (maybeWidth, maybeHeight) = (Side(resize.Width, "width", inResize), Side(resize.Height, "height", inResize));
            if (maybeWidth is not { } width || maybeHeight is not { } height) return null;
            var kept = crop is null ? null : Crop(crop, width, height, fields.Within("crop."));
            return crop is not null && kept is null ? null : Resize.Stretch(width, height, kept).Rounded(rounding);
        }

        if (resize.Height is not null) OutOfPlace("height", "shortest-edge", "size");
        if (resize.Width is not null) OutOfPlace("width", "shortest-edge", "size");
        if (crop is null) fields.Report("crop", "is missing or null, but the resize mode 'shortest-edge' does not fix the longer side, so it needs a crop with a size");
        return Side(resize.Size, "size", inResize) is { } edge && crop is not null && Crop(crop, edge, edge, fields.Within("crop.")) is { } window
            ? Resize.ShortestEdge(edge, window).Rounded(rounding)
            : null;

        void OutOfPlace(string field, string mode, string wanted) =>
            inResize.Report(field, $"has no meaning with the resize mode '{mode}', which takes {wanted}; remove the field");
    }

    /// <summary>A square by its size, or a rectangle by its height and width.</summary>
    private static ImageSize? Crop(CropDocument crop, int availableWidth, int availableHeight, JsonFields fields)
    {
        if (crop.Height is null && crop.Width is null)
            return Side(crop.Size, "size", fields, Math.Min(availableWidth, availableHeight)) is { } size ? new ImageSize(size, size) : null;
        if (crop.Size is { } square) fields.NotUsable("size", "left out beside height and width", $"{square}");
        var (width, height) = (Side(crop.Width, "width", fields, availableWidth), Side(crop.Height, "height", fields, availableHeight));
        return width is null || height is null ? null : new ImageSize(width.Value, height.Value);
    }

    private static int? Side(int? value, string field, JsonFields fields)
    {
        var side = fields.Positive(value, field);
        if (side <= Require.LargestSide) return side;
        if (side is not null) fields.NotUsable(field, $"at most {Require.LargestSide} pixels", $"{side}");
        return null;
    }

    private static int? Side(int? value, string field, JsonFields fields, int available)
    {
        var side = fields.Positive(value, field);
        if (side <= available) return side;
        if (side is not null) fields.NotUsable(field, $"at most {available}, the side that the resize leaves", $"{side}");
        return null;
    }

    private static double[]? Triple(double[]? values, string field, JsonFields fields)
    {
        var numbers = fields.Required(values, field);
        if (numbers is not null && (numbers.Length != 3 || !numbers.All(double.IsFinite)))
            fields.NotUsable(field, "three finite numbers, one per channel", string.Join(", ", numbers));
        return numbers;
    }

    private static CardDocument ToDocument(ModelCard card) => new()
    {
        Id = card.Id,
        Sha256 = card.Sha256,
        License = card.License,
        Source = card.Source,
        Input = new InputDocument(card.Input.Tensor, Spelling(s_layouts, card.Input.Layout), card.Input.Height, card.Input.Width),
        Features = new FeaturesDocument(card.Features.Tensor, card.Features.Dim) { Pooling = card.Features.Pooling is { } pooling ? Spelling(s_poolings, pooling) : null },
        Classes = card.Classes is { } classes
            ? new ClassesDocument(classes.Tensor, Spelling(s_kinds, classes.Kind), classes.Count, classes.Labels)
            : null,
        Preprocess = new PreprocessDocument(
            ResizeOf(card.Preprocess.Resize) with { Filter = Spelling(s_filters, card.Preprocess.Filter) },
            CropOf(card.Preprocess.Resize),
            card.Preprocess.Rescale,
            [.. card.Preprocess.Mean],
            [.. card.Preprocess.Std],
            Spelling(s_channels, card.Preprocess.Bgr))
        {
            Upsampling = card.Preprocess.Upsampling is { } filter ? Spelling(s_filters, filter) : null,
        },
    };

    private static ResizeDocument ResizeOf(Resize resize) => resize.Match(
        stretch => new ResizeDocument { Mode = Spelling(s_modes, false), Height = stretch.Height, Width = stretch.Width },
        shortest => new ResizeDocument { Mode = Spelling(s_modes, true), Size = shortest.Edge });

    private static CropDocument? CropOf(Resize resize)
    {
        var rounding = resize.CropRounding == CropRounding.HalfToEven ? null : Spelling(s_roundings, resize.CropRounding);
        return resize.Match(stretch => stretch.Crop, shortest => shortest.Crop) switch
        {
            null => null,
            { } crop when crop.Width == crop.Height => new CropDocument { Size = crop.Width, Rounding = rounding },
            { } crop => new CropDocument { Height = crop.Height, Width = crop.Width, Rounding = rounding },
        };
    }

    private static string Spelling<T>((T Value, string Spelling)[] spellings, T value) where T : struct =>
        Array.Find(spellings, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Spelling
            ?? throw new ArgumentOutOfRangeException(nameof(value), value, null);
}
