using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;
using OnnxTransfer.Preprocessing;

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
    ];

    internal static ModelCard Parse(ReadOnlySpan<byte> utf8, string origin) =>
        FromDocument(Read(utf8, BackboneJson.Context.CardDocument, origin), new JsonFields(origin, ""));

    internal static string Format(ModelCard card)
    {
        var document = ToDocument(card);
        // A card made in code is held to what a reader will accept, so that no file is written that cannot be read.
        FromDocument(document, new JsonFields($"The card of '{card.Id}'", ""));
        return JsonSerializer.Serialize(document, BackboneJson.Context.CardDocument) + "\n";
    }

    internal static T Read<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, string origin)
    {
        if (utf8.StartsWith("\uFEFF"u8)) utf8 = utf8[3..];
        try
        {
            var document = JsonSerializer.Deserialize(utf8, type);
            if (document is null) Throw.JsonEmpty(origin);
            return document;
        }
        catch (JsonException e)
        {
            throw Throw.JsonUnreadable(origin, e);
        }
    }

    internal static ModelCard FromDocument(CardDocument card, JsonFields fields)
    {
        var input = fields.Required(card.Input, "input");
        var features = fields.Required(card.Features, "features");
        var inInput = fields.Within("input.");
        var preprocess = Preprocess(fields.Required(card.Preprocess, "preprocess"), inInput.Positive(input.Height, "height"), fields.Within("preprocess."));
        var inFeatures = fields.Within("features.");
        var result = new ModelCard
        {
            Id = fields.Text(card.Id, "id"),
            Sha256 = fields.Sha256(card.Sha256, "sha256"),
            License = card.License,
            Source = card.Source,
            Input = new ModelInput(
                inInput.Text(input.Tensor, "tensor"),
                inInput.Choice(input.Layout, "layout", s_layouts),
                inInput.Positive(input.Height, "height"),
                inInput.Positive(input.Width, "width")),
            Features = new ModelFeatures(inFeatures.Text(features.Tensor, "tensor"), inFeatures.Positive(features.Dim, "dim")),
            Classes = card.Classes is { } classes ? Classes(classes, fields.Within("classes.")) : null,
            Preprocess = preprocess,
        };
        if (preprocess.OutputSize != new ImageSize(result.Input.Width, result.Input.Height))
            Throw.CardSizesDiffer(fields.Origin, fields.Prefix, preprocess.OutputSize.Width, preprocess.OutputSize.Height, result.Input.Width, result.Input.Height);
        return result;
    }

    private static ModelClasses Classes(ClassesDocument classes, JsonFields fields) => new(
        fields.Text(classes.Tensor, "tensor"),
        fields.Choice(classes.Kind, "kind", s_kinds),
        fields.Positive(classes.Count, "count"),
        classes.Labels);

    private static PreprocessSpec Preprocess(PreprocessDocument preprocess, int inputSize, JsonFields fields)
    {
        var spec = preprocess.Preset is { } preset ? Preset(preprocess, preset, inputSize, fields) : Spelt(preprocess, fields);
        return preprocess.Upsampling is null ? spec : spec with { Upsampling = fields.Choice(preprocess.Upsampling, "upsampling", s_filters) };
    }

    private static PreprocessSpec Preset(PreprocessDocument preprocess, string preset, int inputSize, JsonFields fields)
    {
        if (preprocess with { Preset = null, Upsampling = null } != new PreprocessDocument(null, null, null, null, null, null))
            Throw.PresetNotAlone(fields.Origin, fields.Prefix, preset);
        if (!PreprocessSpec.PresetNames.Contains(preset)) Throw.FieldChoiceUnknown(fields.Origin, fields.Prefix + "preset", preset, PreprocessSpec.PresetNames);
        return PreprocessSpec.Named(preset, inputSize);
    }

    private static PreprocessSpec Spelt(PreprocessDocument preprocess, JsonFields fields)
    {
        var rescale = fields.Finite(preprocess.Rescale, "rescale");
        if (rescale == 0) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "rescale", "a factor other than zero", "0");
        var std = Triple(preprocess.Std, "std", fields);
        if (std.Contains(0)) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "std", "three numbers other than zero", string.Join(", ", std));
        var resized = Resize(fields.Required(preprocess.Resize, "resize"), fields.Within("resize."));
        if (resized.ShortestEdge is not null && preprocess.Crop is null) Throw.CropMissing(fields.Origin, fields.Prefix + "crop");
        return resized with
        {
            CropSize = preprocess.Crop is { } crop ? Crop(crop, resized, fields.Within("crop.")) : null,
            Rescale = rescale,
            Mean = Triple(preprocess.Mean, "mean", fields),
            Std = std,
            Bgr = fields.Choice(preprocess.Channels, "channels", s_channels),
        };
    }

    private static PreprocessSpec Resize(ResizeDocument resize, JsonFields fields)
    {
        var toShortestEdge = fields.Choice(resize.Mode, "mode", s_modes);
        var filter = fields.Choice(resize.Filter, "filter", s_filters);
        if (!toShortestEdge)
        {
            if (resize.Size is not null) Throw.FieldOutOfPlace(fields.Origin, fields.Prefix + "size", "stretch", "height and width");
            return new PreprocessSpec { Filter = filter, Height = fields.Positive(resize.Height, "height"), Width = fields.Positive(resize.Width, "width") };
        }

        if (resize.Height is not null) Throw.FieldOutOfPlace(fields.Origin, fields.Prefix + "height", "shortest-edge", "size");
        if (resize.Width is not null) Throw.FieldOutOfPlace(fields.Origin, fields.Prefix + "width", "shortest-edge", "size");
        return new PreprocessSpec { Filter = filter, ShortestEdge = fields.Positive(resize.Size, "size") };
    }

    private static int Crop(CropDocument crop, PreprocessSpec resized, JsonFields fields)
    {
        var size = fields.Positive(crop.Size, "size");
        var available = resized.ShortestEdge ?? Math.Min(resized.Height, resized.Width);
        if (size > available) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "size", $"at most {available}, the side that the resize leaves", $"{size}");
        return size;
    }

    private static double[] Triple(double[]? values, string field, JsonFields fields)
    {
        var numbers = fields.Required(values, field);
        if (numbers.Length != 3 || !numbers.All(double.IsFinite))
            Throw.FieldNotUsable(fields.Origin, fields.Prefix + field, "three finite numbers, one per channel", string.Join(", ", numbers));
        return numbers;
    }

    private static CardDocument ToDocument(ModelCard card) => new()
    {
        Id = card.Id,
        Sha256 = card.Sha256,
        License = card.License,
        Source = card.Source,
        Input = new InputDocument(card.Input.Tensor, Spelling(s_layouts, card.Input.Layout), card.Input.Height, card.Input.Width),
        Features = new FeaturesDocument(card.Features.Tensor, card.Features.Dim),
        Classes = card.Classes is { } classes
            ? new ClassesDocument(classes.Tensor, Spelling(s_kinds, classes.Kind), classes.Count, classes.Labels)
            : null,
        Preprocess = new PreprocessDocument(
            ResizeOf(card.Preprocess),
            card.Preprocess.CropSize is { } size ? new CropDocument(size) : null,
            card.Preprocess.Rescale,
            [.. card.Preprocess.Mean],
            [.. card.Preprocess.Std],
            Spelling(s_channels, card.Preprocess.Bgr))
        {
            Upsampling = card.Preprocess.Upsampling is { } filter ? Spelling(s_filters, filter) : null,
        },
    };

    private static ResizeDocument ResizeOf(PreprocessSpec spec)
    {
        var document = new ResizeDocument { Mode = Spelling(s_modes, spec.ShortestEdge is not null), Filter = Spelling(s_filters, spec.Filter) };
        return spec.ShortestEdge is { } edge
            ? document with { Size = edge }
            : document with { Height = spec.Height, Width = spec.Width };
    }

    private static string Spelling<T>((T Value, string Spelling)[] spellings, T value) where T : struct =>
        Array.Find(spellings, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Spelling
            ?? throw new ArgumentOutOfRangeException(nameof(value), value, null);
}
