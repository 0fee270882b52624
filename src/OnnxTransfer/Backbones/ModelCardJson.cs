using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnnxTransfer.Internals;
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

    internal static ModelCard Parse(ReadOnlySpan<byte> utf8, string origin) =>
        FromDocument(Read(utf8, BackboneJson.Context.CardDocument, origin), new JsonFields(origin, ""));

    internal static string Format(ModelCard card)
    {
        var document = ToDocument(card);
        // A card made in code must pass the reader's checks, so that every written file can be read.
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
        var spec = preprocess.Preset is { } preset ? Preset(preprocess, preset, inputSize, fields) : SpelledOut(preprocess, fields);
        return preprocess.Upsampling is null ? spec : spec with { Upsampling = fields.Choice(preprocess.Upsampling, "upsampling", s_filters) };
    }

    private static PreprocessSpec Preset(PreprocessDocument preprocess, string preset, int inputSize, JsonFields fields)
    {
        if (preprocess with { Preset = null, Upsampling = null } != new PreprocessDocument(null, null, null, null, null, null))
            Throw.PresetNotAlone(fields.Origin, fields.Prefix, preset);
        if (!PreprocessSpec.PresetNames.Contains(preset)) Throw.FieldChoiceUnknown(fields.Origin, fields.Prefix + "preset", preset, PreprocessSpec.PresetNames);
        try
        {
            return PreprocessSpec.Named(preset, inputSize);
        }
        catch (ArgumentOutOfRangeException)
        {
            Throw.FieldNotUsable(fields.Origin, fields.Prefix + "preset", $"one for inputs of {inputSize} pixels", preset);
            return null;
        }
    }

    private static PreprocessSpec SpelledOut(PreprocessDocument preprocess, JsonFields fields)
    {
        var rescale = fields.Finite(preprocess.Rescale, "rescale");
        if (rescale == 0) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "rescale", "a factor other than zero", "0");
        var std = Triple(preprocess.Std, "std", fields);
        if (std.Contains(0)) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "std", "three numbers other than zero", string.Join(", ", std));
        var resize = fields.Required(preprocess.Resize, "resize");
        return new PreprocessSpec
        {
            Resize = Resized(resize, preprocess.Crop, fields),
            Filter = fields.Within("resize.").Choice(resize.Filter, "filter", s_filters),
            Rescale = rescale,
            Mean = Triple(preprocess.Mean, "mean", fields),
            Std = std,
            Bgr = fields.Choice(preprocess.Channels, "channels", s_channels),
        };
    }

    private static Resize Resized(ResizeDocument resize, CropDocument? crop, JsonFields fields)
    {
        var inResize = fields.Within("resize.");
        if (!inResize.Choice(resize.Mode, "mode", s_modes))
        {
            if (resize.Size is not null) Throw.FieldOutOfPlace(fields.Origin, inResize.Prefix + "size", "stretch", "height and width");
            var (width, height) = (Side(resize.Width, "width", inResize), Side(resize.Height, "height", inResize));
            return Resize.Stretch(width, height, crop is null ? null : Crop(crop, width, height, fields.Within("crop.")));
        }

        if (resize.Height is not null) Throw.FieldOutOfPlace(fields.Origin, inResize.Prefix + "height", "shortest-edge", "size");
        if (resize.Width is not null) Throw.FieldOutOfPlace(fields.Origin, inResize.Prefix + "width", "shortest-edge", "size");
        var edge = Side(resize.Size, "size", inResize);
        if (crop is null) Throw.CropMissing(fields.Origin, fields.Prefix + "crop");
        return Resize.ShortestEdge(edge, Crop(crop, edge, edge, fields.Within("crop.")));
    }

    /// <summary>A square by its size, or a rectangle by its height and width.</summary>
    private static ImageSize Crop(CropDocument crop, int availableWidth, int availableHeight, JsonFields fields)
    {
        if (crop.Height is null && crop.Width is null)
        {
            var size = Side(crop.Size, "size", fields, Math.Min(availableWidth, availableHeight));
            return new ImageSize(size, size);
        }

        if (crop.Size is { } square) Throw.FieldNotUsable(fields.Origin, fields.Prefix + "size", "left out beside height and width", $"{square}");
        return new ImageSize(Side(crop.Width, "width", fields, availableWidth), Side(crop.Height, "height", fields, availableHeight));
    }

    private static int Side(int? value, string field, JsonFields fields)
    {
        var side = fields.Positive(value, field);
        if (side > Require.LargestSide) Throw.FieldNotUsable(fields.Origin, fields.Prefix + field, $"at most {Require.LargestSide} pixels", $"{side}");
        return side;
    }

    private static int Side(int? value, string field, JsonFields fields, int available)
    {
        var side = fields.Positive(value, field);
        if (side > available) Throw.FieldNotUsable(fields.Origin, fields.Prefix + field, $"at most {available}, the side that the resize leaves", $"{side}");
        return side;
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

    private static CropDocument? CropOf(Resize resize) => resize.Match(stretch => stretch.Crop, shortest => shortest.Crop) switch
    {
        null => null,
        { } crop when crop.Width == crop.Height => new CropDocument { Size = crop.Width },
        { } crop => new CropDocument { Height = crop.Height, Width = crop.Width },
    };

    private static string Spelling<T>((T Value, string Spelling)[] spellings, T value) where T : struct =>
        Array.Find(spellings, pair => EqualityComparer<T>.Default.Equals(pair.Value, value)).Spelling
            ?? throw new ArgumentOutOfRangeException(nameof(value), value, null);
}
