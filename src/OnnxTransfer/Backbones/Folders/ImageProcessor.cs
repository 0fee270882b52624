using System.Globalization;

namespace OnnxTransfer.Backbones.Folders;

/// <summary>
/// Reads the <c>preprocessor_config.json</c> of Hugging Face's transformers: which class of image processor it names, the defaults of that
/// class, and what it does to an image. The reference is the Pillow backend. What cannot be done to the bit is refused, not approximated.
/// </summary>
internal static class ImageProcessor
{
    private static readonly double[] s_half = [0.5, 0.5, 0.5];
    private static readonly PreprocessSpec s_clip = PreprocessSpec.Clip();
    private static readonly PreprocessSpec s_imageNet = PreprocessSpec.Torch();

    /// <summary>The classes that are known, by their name without <c>ImageProcessor</c>, <c>Fast</c> and <c>FeatureExtractor</c>.</summary>
    private static readonly ProcessorClass[] s_classes =
    [
        new("ViT") { Size = 224, Resample = 2 },
        new("Siglip") { Size = 224, Resample = 3 },
        new("Beit") { Size = 256, Crop = 224, Resample = 3 },
        new("DeiT") { Size = 256, Crop = 224, Resample = 3 },
        new("CLIP") { Size = 224, KeepsProportions = true, Crop = 224, Resample = 3, Statistics = s_clip },
        new("Bit") { Size = 224, KeepsProportions = true, Crop = 224, Resample = 3, Statistics = s_clip },
        new("MobileNetV1") { Size = 256, KeepsProportions = true, Crop = 224, Resample = 2 },
        new("MobileNetV2") { Size = 256, KeepsProportions = true, Crop = 224, Resample = 2 },
        new("MobileViT") { Size = 224, KeepsProportions = true, Crop = 256, Resample = 2, FlipsChannels = true, Normalizes = false },
        new("ConvNext") { Size = 384, KeepsProportions = true, Resample = 2, NewerResample = 3 },
        new("EfficientNet") { Size = 346, Crop = 289, CropsByDefault = false, Resample = 0, NewerResample = 3 },
        new("DINOv3ViT") { Size = 224, Resample = 2, Statistics = s_imageNet, OptionalCrop = true },
    ];

    /// <summary>The class of a model whose configuration names none, by the <c>model_type</c> of its <c>config.json</c>.</summary>
    private static readonly Dictionary<string, string> s_byModelType = new(StringComparer.Ordinal)
    {
        ["vit"] = "ViT", ["vit_mae"] = "ViT", ["vit_msn"] = "ViT", ["swin"] = "ViT", ["swinv2"] = "ViT", ["dinat"] = "ViT", ["nat"] = "ViT",
        ["clip"] = "CLIP", ["clip_vision_model"] = "CLIP", ["siglip"] = "Siglip", ["siglip_vision_model"] = "Siglip",
        ["bit"] = "Bit", ["dinov2"] = "Bit", ["dinov2_with_registers"] = "Bit", ["focalnet"] = "Bit",
        ["convnext"] = "ConvNext", ["convnextv2"] = "ConvNext", ["resnet"] = "ConvNext", ["regnet"] = "ConvNext", ["van"] = "ConvNext", ["cvt"] = "ConvNext",
        ["beit"] = "Beit", ["data2vec-vision"] = "Beit", ["deit"] = "DeiT", ["efficientnet"] = "EfficientNet", ["align"] = "EfficientNet",
        ["mobilenet_v1"] = "MobileNetV1", ["mobilenet_v2"] = "MobileNetV2", ["mobilevit"] = "MobileViT", ["mobilevitv2"] = "MobileViT",
        ["dinov3_vit"] = "DINOv3ViT",
    };

    /// <summary>The steps that are read; any other one that is switched on is refused.</summary>
    private static readonly string[] s_steps =
        ["do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_convert_rgb", "do_pad", "do_flip_channel_order", "do_reduce_labels"];

    /// <summary>Pillow's numbers of its filters.</summary>
    private static readonly (ResizeFilter Filter, string Name)[] s_filters =
    [
        (ResizeFilter.PillowNearest, "nearest"), (ResizeFilter.PillowLanczos, "Lanczos"), (ResizeFilter.PillowBilinear, "bilinear"),
        (ResizeFilter.PillowBicubic, "bicubic"), (ResizeFilter.PillowBox, "box"), (ResizeFilter.PillowHamming, "Hamming"),
    ];

    /// <summary>The preprocessing that a configuration describes.</summary>
    /// <param name="config">The processor's configuration.</param>
    /// <param name="modelType">The <c>model_type</c> of the model's own configuration; null where there is none.</param>
    /// <param name="warnings">Receives what is not certain.</param>
    /// <exception cref="InvalidModelException">The class is not known, or it does something that cannot be done here to the bit.</exception>
    internal static PreprocessSpec Read(ConfigFile config, string? modelType, ICollection<string> warnings)
    {
        var (processor, name) = ClassOf(config, modelType);
        foreach (var step in config.Node.EnumerateObject().Where(one => one.Name.StartsWith("do_", StringComparison.Ordinal) && !s_steps.Contains(one.Name)))
        {
            if (step.Value.ValueKind == System.Text.Json.JsonValueKind.True) throw config.Refused(step.Name, $"is true, but this version does not know the step. {Instead}");
        }

        if (config.Flag("do_reduce_labels") == true) warnings.Add($"{config.Origin} has do_reduce_labels, which changes segmentation maps only; it is not used.");
        if (config.Flag("do_resize") == false) throw config.Refused("do_resize", $"is false, so every image would have another size, but the network needs one size. {Instead}");
        var resize = ResizeOf(config, processor, name, warnings);
        if (config.Flag("do_pad") == true && PadSize(config) != resize.OutputSize)
            throw config.Refused("do_pad", $"is true: padding to a size other than the one that the resize gives is not supported. {Instead}");
        var flips = config.Flag("do_flip_channel_order") ?? processor.FlipsChannels;
        if (flips && !processor.FlipsChannels) throw config.Refused("do_flip_channel_order", $"is true, but {name} has no such step. {Instead}");
        var spec = Normalized(config, processor, name, warnings) with { Resize = resize, Filter = FilterOf(config, processor, name, warnings) };
        return flips ? spec with { Bgr = true } : spec;
    }

    private const string Instead = "Write a .model.json with the steps that you want, or name one with `--preprocess NAME`.";

    private static (ProcessorClass Class, string Name) ClassOf(ConfigFile config, string? modelType)
    {
        var stated = config.Text("image_processor_type") ?? config.Text("feature_extractor_type");
        if (stated is null)
        {
            if (modelType is null || !s_byModelType.TryGetValue(modelType, out var family))
            {
                throw config.Refused(
                    "image_processor_type", $"is missing, and the model type {(modelType is null ? "is not stated either" : $"'{modelType}' is not known")}, so it is not known what the fields mean. {Instead}");
            }

            return (s_classes.First(one => one.Name == family), $"{family}ImageProcessor");
        }

        var bare = stated;
        foreach (var suffix in (string[])["Fast", "Pil", "ImageProcessor", "FeatureExtractor"])
            if (bare.EndsWith(suffix, StringComparison.Ordinal)) bare = bare[..^suffix.Length];
        return s_classes.FirstOrDefault(one => string.Equals(one.Name, bare, StringComparison.OrdinalIgnoreCase)) is { } found
            ? (found, stated)
            : throw config.Refused("image_processor_type", $"is '{stated}', which this version does not know; it knows {string.Join(", ", s_classes.Select(one => one.Name))}. {Instead}");
    }

    private static Resize ResizeOf(ConfigFile config, ProcessorClass processor, string name, ICollection<string> warnings)
    {
        if (!config.Has("size")) WarnAbsent(config, "size", $"{processor.Size}", name, warnings);
        var (edge, square) = SizeOf(config, "size", processor.KeepsProportions) ?? (processor.KeepsProportions ? processor.Size : null, new ImageSize(processor.Size, processor.Size));
        if (processor.Name == "ConvNext") return ConvNext(config, edge, name);
        if (CropOf(config, processor, name, warnings) is not { } crop)
        {
            if (edge is not null) throw config.Refused("size", $"names the shortest edge only and there is no center crop, so every image would have another size, but the network needs one size. {Instead}");
            return Resize.Stretch(square.Width, square.Height);
        }

        var left = edge is { } shorter ? new ImageSize(shorter, shorter) : square;
        if (crop.Width > left.Width || crop.Height > left.Height)
            throw config.Refused("crop_size", $"is {crop.Width}x{crop.Height}, larger than what the resize leaves ({left.Width}x{left.Height}): {name} pads such images with black, which is not supported. {Instead}");
        Resize resize = edge is { } side ? Resize.ShortestEdge(side, crop) : Resize.Stretch(square.Width, square.Height, crop);
        return resize.Rounded(CropRounding.Down);
    }

    /// <summary>Below 384 pixels a crop of <c>crop_pct</c>; from there on a stretch without a crop.</summary>
    private static Resize ConvNext(ConfigFile config, int? edge, string name)
    {
        if (edge is not { } side) throw config.Refused("size", $"must be {{\"shortest_edge\": S}} for {name}. {Instead}");
        if (config.Flag("do_center_crop") == true) throw config.Refused("do_center_crop", $"is true, but {name} crops by its own rule (crop_pct), and its versions differ in what they do with this field. {Instead}");
        if (side >= 384) return Resize.Stretch(side, side);
        var share = config.Number("crop_pct") ?? 224.0 / 256;
        if (share is not (> 0 and <= 1)) throw config.Refused("crop_pct", $"must be a share above 0 and at most 1, but is {Text(share)}.");
        return Resize.ShortestEdge((int)(side / share), side).Rounded(CropRounding.Down);
    }

    private static ImageSize? CropOf(ConfigFile config, ProcessorClass processor, string name, ICollection<string> warnings)
    {
        var crops = config.Flag("do_center_crop");
        if (processor.Crop is null && !processor.OptionalCrop)
        {
            if (crops == true) throw config.Refused("do_center_crop", $"is true, but {name} has no crop in some versions and one in others. {Instead}");
            return null;
        }

        if (!(crops ?? (processor.Crop is not null && processor.CropsByDefault))) return null;
        if (SizeOf(config, "crop_size", keepsProportions: false) is { } size) return size.Square;
        if (processor.Crop is not { } side) throw config.Refused("crop_size", "is missing, but do_center_crop is true.");
        WarnAbsent(config, "crop_size", $"{side}", name, warnings);
        return new ImageSize(side, side);
    }

    private static ImageSize? PadSize(ConfigFile config) => SizeOf(config, "pad_size", keepsProportions: false)?.Square;

    /// <summary>A number, a pair or an object with sides; null where the field is absent.</summary>
    private static (int? Edge, ImageSize Square)? SizeOf(ConfigFile config, string field, bool keepsProportions)
    {
        if (!config.Has(field)) return null;
        if (config.IsNumber(field))
        {
            var side = Bounded(config, field, config.Side(field)!.Value);
            return (keepsProportions ? side : null, new ImageSize(side, side));
        }

        if (config.IsList(field))
        {
            return config.Sides(field) is [var first, var second]
                ? (null, new ImageSize(Bounded(config, field, second), Bounded(config, field, first)))
                : throw config.Refused(field, "must be one side, or a pair of height and width.");
        }

        var size = config.Object(field)!;
        var names = size.Node.EnumerateObject().Where(one => size.Has(one.Name)).Select(one => one.Name).Order(StringComparer.Ordinal).ToArray();
        switch (names)
        {
            case ["height", "width"]:
                return (null, new ImageSize(Bounded(config, field, size.Side("width")!.Value), Bounded(config, field, size.Side("height")!.Value)));
            case ["shortest_edge"]:
                var edge = Bounded(config, field, size.Side("shortest_edge")!.Value);
                return (edge, new ImageSize(edge, edge));
            default:
                throw config.Refused(
                    field, $"has the sides {string.Join(" and ", names)}: with them every image gets another size, but the network needs one size. {Instead}");
        }
    }

    private static int Bounded(ConfigFile config, string field, int side) =>
        side <= Internals.Require.LargestSide ? side : throw config.Refused(field, $"is {side} pixels, but at most {Internals.Require.LargestSide} are supported.");

    private static ResizeFilter FilterOf(ConfigFile config, ProcessorClass processor, string name, ICollection<string> warnings)
    {
        var code = config.Has("resample") ? config.Number("resample")!.Value : processor.Resample;
        if (code is not (>= 0 and < 6) || !double.IsInteger(code)) throw config.Refused("resample", $"is {Text(code)}, but Pillow's filters have the numbers 0 to 5.");
        var (filter, filterName) = s_filters[(int)code];
        if (!config.Has("resample"))
        {
            if (processor.NewerResample is { } newer)
            {
                warnings.Add(
                    $"{config.Origin} has no 'resample', and the default of {name} has changed: {processor.Resample} ({filterName}) in older versions, which is used here, {newer} ({s_filters[newer].Name}) in newer ones. "
                    + "Add the field to be sure.");
            }
            else
            {
                WarnAbsent(config, "resample", $"{processor.Resample} ({filterName})", name, warnings);
            }
        }

        if (processor.Name == "DINOv3ViT")
        {
            // It rescales before it resizes, so that the resize works on floats.
            return filter == ResizeFilter.PillowBilinear
                ? ResizeFilter.TorchBilinear
                : throw config.Refused("resample", $"is {Text(code)} ({filterName}): {name} resizes floats, for which only 2 (bilinear) is supported. {Instead}");
        }

        if (filter == ResizeFilter.PillowLanczos && name.EndsWith("Fast", StringComparison.Ordinal))
            warnings.Add($"{config.Origin} names Lanczos (resample 1) for {name}: torchvision has no such filter and takes bicubic instead. Pillow's Lanczos is used here.");
        return filter;
    }

    /// <summary>Rescale and normalization as <c>(pixel * Rescale - Mean) / Std</c>; size and filter are placeholders.</summary>
    private static PreprocessSpec Normalized(ConfigFile config, ProcessorClass processor, string name, ICollection<string> warnings)
    {
        var spec = new PreprocessSpec { Resize = Resize.Stretch(1, 1), Filter = ResizeFilter.Nearest };
        var factor = config.Flag("do_rescale") == false ? 1 : config.Number("rescale_factor") ?? 1.0 / 255;
        if (factor == 0) throw config.Refused("rescale_factor", "is 0, which makes every image black.");
        var isEfficientNet = processor.Name == "EfficientNet";
        var offset = isEfficientNet && config.Flag("rescale_offset") == true && config.Flag("do_rescale") != false;
        if (offset && Math.Abs((factor * 127.5) - 1) > 1e-9)
        {
            throw config.Refused(
                "rescale_offset", $"is true with a rescale_factor of {Text(factor)}: older versions of {name} compute (pixel - 127.5) * factor, newer ones pixel * factor - 1, which are equal for 1/127.5 only. {Instead}");
        }

        var normalizes = config.Flag("do_normalize") ?? processor.Normalizes;
        if (normalizes)
        {
            if (!config.Has("image_mean")) WarnAbsent(config, "image_mean", $"[{string.Join(", ", processor.Mean.Select(Text))}]", name, warnings);
            if (!config.Has("image_std")) WarnAbsent(config, "image_std", $"[{string.Join(", ", processor.Std.Select(Text))}]", name, warnings);
        }

        var deviation = config.Channels("image_std") ?? processor.Std;
        if (deviation.Contains(0)) throw config.Refused("image_std", "has a 0, by which nothing can be divided.");
        var mean = normalizes ? config.Channels("image_mean") ?? processor.Mean : [0, 0, 0];
        var std = normalizes ? deviation : [1, 1, 1];
        if (offset) mean = [.. mean.Select(value => value + 1)];
        // With the classification head it divides by the deviation a second time, whatever do_normalize says.
        if (isEfficientNet && config.Flag("include_top") != false) std = [.. std.Zip(deviation, (one, other) => one * other)];
        return spec with { Rescale = factor, Mean = mean, Std = std };
    }

    private static void WarnAbsent(ConfigFile config, string field, string value, string name, ICollection<string> warnings) =>
        warnings.Add($"{config.Origin} has no '{field}', so the default of {name} is used: {value}. Other versions may have another default; add the field to be sure.");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The defaults of a class, for fields that are absent.</summary>
    /// <param name="Name">Its name without the endings.</param>
    private sealed record ProcessorClass(string Name)
    {
        internal required int Size { get; init; }

        /// <summary>Whether one number as the size is the shortest edge rather than a square.</summary>
        internal bool KeepsProportions { get; init; }

        /// <summary>The side of the crop; null for a class that has none.</summary>
        internal int? Crop { get; init; }

        internal bool CropsByDefault { get; init; } = true;

        /// <summary>Whether a crop can be switched on although the class has no default for it.</summary>
        internal bool OptionalCrop { get; init; }

        /// <summary>Pillow's number of the filter.</summary>
        internal required int Resample { get; init; }

        /// <summary>The filter of newer versions; null where the default never changed.</summary>
        internal int? NewerResample { get; init; }

        internal bool FlipsChannels { get; init; }

        internal bool Normalizes { get; init; } = true;

        internal PreprocessSpec? Statistics { get; init; }

        internal double[] Mean => Statistics is { } spec ? [.. spec.Mean] : s_half;

        internal double[] Std => Statistics is { } spec ? [.. spec.Std] : s_half;
    }
}
