using NetVips;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips;

/// <summary>Describes the samples of an image that libvips has opened.</summary>
internal static class VipsColors
{
    /// <summary>The layout of the samples. libvips converts none of them: all decoders share one conversion to sRGB.</summary>
    /// <exception cref="ImageDecodeException">The samples have a type or a color space without a defined conversion to sRGB.</exception>
    internal static SampleLayout Layout(Image image, ImageFormat format, ReadOnlySpan<byte> encoded)
    {
        var colors = image.Interpretation switch
        {
            Enums.Interpretation.Bw or Enums.Interpretation.Grey16 => 1,
            Enums.Interpretation.Srgb or Enums.Interpretation.Rgb or Enums.Interpretation.Rgb16 => 3,
            Enums.Interpretation.Cmyk => 4,
            _ => 0,
        };
        // No standard says which value is white for floats, signed integers and longer integers.
        if (image.Format is not (Enums.BandFormat.Uchar or Enums.BandFormat.Ushort)) throw VipsErrors.SamplesNotSupported(format, image.Format);
        if (colors == 0 || image.Bands < colors) throw VipsErrors.SpaceNotSupported(format, image.Interpretation, image.Bands);
        var hasAlpha = image.Bands > colors && (format != ImageFormat.Tiff || new TiffHeader(encoded).HasAlpha);
        return new SampleLayout(colors, image.Bands, hasAlpha ? colors : 0, image.Format == Enums.BandFormat.Ushort);
    }

    /// <summary>The embedded profile; empty if there is none.</summary>
    internal static ReadOnlySpan<byte> Profile(Image image, ImageFormat format, ReadOnlySpan<byte> encoded) =>
        format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.Webp ? EmbeddedProfile.Find(encoded, format)
        : image.Contains("icc-profile-data") && image.Get("icc-profile-data") is byte[] bytes ? bytes
        : [];

    /// <summary>
    /// Whether the inks of a JPEG are stored inverted. libvips inverts them only if Adobe's segment says so; all other decoders always do.
    /// </summary>
    internal static bool IsInverted(SampleLayout layout, ImageFormat format, ReadOnlySpan<byte> encoded) =>
        layout.Colors == 4 && format == ImageFormat.Jpeg && !JpegHeader.HasAdobe(encoded);
}
