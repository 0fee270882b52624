using System.CommandLine;
using System.Globalization;
using OnnxTransfer.Vips;

namespace OnnxTransfer.Cli.Commands;

/// <summary>The options that say what reads the images, and how. They change vectors.</summary>
internal sealed class DecodingOptions
{
    private readonly Option<JpegShrink> _shrink = CommonOptions.Choice(
        "--jpeg-shrink", "Decode large JPEG files at a fraction of their size. This is several times faster, and the pixels differ slightly. Train and predict with the same choice.",
        JpegShrink.None);

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "Refuse images that are otherwise used with a warning, such as damaged photos.",
    };

    private readonly Option<SampleLevels> _levels = new("--levels")
    {
        Description = "Black and white of 16-bit PNG and TIFF files: of the full range, or the least and greatest value of each image (microscopes and scanners store 12 bits in 16). Train and predict with the same choice.",
        DefaultValueFactory = _ => SampleLevels.Full,
        HelpName = "full|data",
    };

    private readonly Option<long> _maxPixels = MaxPixels();

    private readonly Option<string> _decoder = new("--decoder")
    {
        Description = "The decoder that reads the images; see `onnxtransfer doctor`. Default: libvips for TIFF and AVIF, Magick.NET for HEIC, SkiaSharp for all others. libvips reads JPEG fastest. Train and predict with the same choice.",
        DefaultValueFactory = _ => "default",
    };

    /// <summary>Adds the options to a command.</summary>
    internal DecodingOptions(Command command)
    {
        _decoder.AcceptOnlyFromAmong("default", "libvips");
        // An enum would take any number.
        _shrink.AcceptOnlyFromAmong("none", "near", "fast");
        _levels.AcceptOnlyFromAmong("full", "data");
        foreach (var option in (Option[])[_shrink, _levels, _strict, _maxPixels, _decoder]) command.Options.Add(option);
    }

    internal FeatureExtractorOptions Read(ParseResult parsed, FeatureExtractorOptions options) => options with
    {
        Decoder = parsed.GetValue(_decoder) == "libvips" ? VipsDecoder.Instance : null,
        Decode = DecodeOptions.Default with
        {
            JpegShrink = parsed.GetValue(_shrink),
            Levels = parsed.GetValue(_levels),
            Strict = parsed.GetValue(_strict),
            MaxPixels = parsed.GetValue(_maxPixels),
        },
    };

    private static Option<long> MaxPixels()
    {
        var option = new Option<long>("--max-pixels")
        {
            Description = "The most pixels, width times height, of an image; a larger one is skipped before it is decoded.",
            DefaultValueFactory = _ => DecodeOptions.Default.MaxPixels,
            HelpName = "N",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && long.TryParse(token.Value, CultureInfo.InvariantCulture, out var number) && number < 1) result.AddError("--max-pixels must be at least 1.");
        });
        return option;
    }
}
