using NetVips;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips;

/// <summary>What the samples of an image are that libvips has opened.</summary>
internal static class VipsColors
{
    /// <summary>How the samples lie. None are converted by libvips: both decoders share one way to sRGB.</summary>
    /// <exception cref="ImageDecodeException">The samples are of a type or in a space that has no fixed way to sRGB.</exception>
    internal static SampleLayout Layout(Image image, ImageFormat format, ReadOnlySpan<byte> encoded)
    {
        var colors = image.Interpretation switch
        {
            Enums.Interpretation.Bw or Enums.Interpretation.Grey16 => 1,
            Enums.Interpretation.Srgb or Enums.Interpretation.Rgb or Enums.Interpretation.Rgb16 => 3,
            Enums.Interpretation.Cmyk => 4,
            _ => 0,
        };
        // Of floats, signed and longer integers nobody says what is white.
        if (image.Format is not (Enums.BandFormat.Uchar or Enums.BandFormat.Ushort)) throw VipsErrors.SamplesNotSupported(format, image.Format);
        if (colors == 0 || image.Bands < colors) throw VipsErrors.SpaceNotSupported(format, image.Interpretation, image.Bands);
        var hasAlpha = image.Bands > colors && (format != ImageFormat.Tiff || new TiffHeader(encoded).HasAlpha);
        return new SampleLayout(colors, image.Bands, hasAlpha ? colors : 0, image.Format == Enums.BandFormat.Ushort);
    }

    /// <summary>The embedded profile; empty for none.</summary>
    internal static ReadOnlySpan<byte> Profile(Image image, ImageFormat format, ReadOnlySpan<byte> encoded) =>
        format is ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.Webp ? EmbeddedProfile.Find(encoded, format)
        : image.Contains("icc-profile-data") && image.Get("icc-profile-data") is byte[] bytes ? bytes
        : [];

    /// <summary>Whether inks are stored as light, which libvips turns round only where Adobe's segment says so, and everybody else always.</summary>
    internal static bool IsInverted(SampleLayout layout, ImageFormat format, ReadOnlySpan<byte> encoded) =>
        layout.Colors == 4 && format == ImageFormat.Jpeg && !JpegHeader.HasAdobe(encoded);
}
