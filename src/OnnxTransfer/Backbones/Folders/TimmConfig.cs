using System.Globalization;

namespace OnnxTransfer.Backbones.Folders;

/// <summary>
/// Reads the <c>pretrained_cfg</c> of a timm <c>config.json</c> as timm's own evaluation does (<c>resolve_data_config</c> and
/// <c>transforms_imagenet_eval</c>).
/// </summary>
internal static class TimmConfig
{
    private static readonly (string Name, ResizeFilter Filter)[] s_filters =
    [
        ("bicubic", ResizeFilter.PillowBicubic), ("bilinear", ResizeFilter.PillowBilinear), ("nearest", ResizeFilter.PillowNearest),
        ("lanczos", ResizeFilter.PillowLanczos), ("box", ResizeFilter.PillowBox), ("hamming", ResizeFilter.PillowHamming),
    ];

    /// <summary>The preprocessing at the size of training, which timm uses unless it is asked for another.</summary>
    internal static PreprocessSpec Read(ConfigFile config) => At(config, "input_size", "crop_pct") ?? Spec(config, "input_size", new ImageSize(224, 224), config.Number("crop_pct"));

    /// <summary>The preprocessing at the size for tests; null where the configuration has none.</summary>
    internal static PreprocessSpec? ReadTestSize(ConfigFile config) => config.Has("test_input_size")
        ? At(config, "test_input_size", config.Has("test_crop_pct") ? "test_crop_pct" : "crop_pct")
        : null;

    private static PreprocessSpec? At(ConfigFile config, string sizeField, string cropField) => config.Sides(sizeField) switch
    {
        null => null,
        [3, var height, var width] => Spec(config, sizeField, new ImageSize(width, height), config.Number(cropField)),
        _ => throw config.Refused(sizeField, "must be [3, height, width]: only networks for three channels can be used."),
    };

    private static PreprocessSpec Spec(ConfigFile config, string sizeField, ImageSize input, double? cropShare)
    {
        var share = cropShare ?? 0.875;
        if (share is not (> 0 and <= 1)) throw config.Refused("crop_pct", $"must be a share above 0 and at most 1, but is {share.ToString("R", CultureInfo.InvariantCulture)}.");
        if (Math.Max(input.Width, input.Height) / share > Internals.Require.LargestSide) throw config.Refused(sizeField, $"is too large: at most {Internals.Require.LargestSide} pixels are supported before the crop.");
        var name = config.Text("interpolation") ?? "bicubic";
        var filter = Array.Find(s_filters, one => one.Name == name).Name is null
            ? throw config.Refused("interpolation", $"is '{name}', but must be one of {string.Join(", ", s_filters.Select(one => one.Name))}.")
            : Array.Find(s_filters, one => one.Name == name).Filter;
        var (width, height) = ((int)Math.Floor(input.Width / share), (int)Math.Floor(input.Height / share));
        return new PreprocessSpec
        {
            Resize = (config.Text("crop_mode") ?? "center") switch
            {
                "center" when input.Width == input.Height => Resize.ShortestEdge(height, input),
                "center" => throw config.Refused(sizeField, "is not square, and the crop mode 'center' then resizes by a rule of its own, which is not supported. Write a .model.json with the steps that you want."),
                "squash" => Resize.Stretch(width, height, input),
                var mode => throw config.Refused("crop_mode", $"is '{mode}', but only 'center' and 'squash' are supported. Write a .model.json with the steps that you want."),
            },
            Filter = filter,
            Mean = config.Channels("mean") ?? [.. PreprocessSpec.Torch().Mean],
            Std = config.Channels("std") is { } std && std.Contains(0) ? throw config.Refused("std", "has a 0, by which nothing can be divided.") : config.Channels("std") ?? [.. PreprocessSpec.Torch().Std],
        };
    }
}
