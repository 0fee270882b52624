using NetVips;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips;

/// <summary>Brings images to rows of 8-bit grey or sRGB, with or without alpha.</summary>
internal static class VipsColors
{
    /// <summary>
    /// Leaves 8-bit grey and sRGB as they are and converts everything else, by the embedded profile where there is one.
    /// A profile that is broken or does not fit the pixels is passed over, as browsers do.
    /// </summary>
    /// <param name="loaded">The image as it is stored.</param>
    /// <param name="format">Its format, for the message.</param>
    /// <returns>
    /// The image, perhaps the same; and a profile that the rows have yet to be brought through: a matrix, which is faster here than
    /// in libvips. Null for none.
    /// </returns>
    internal static (Image Image, IccProfile? Profile) ToSrgb(Image loaded, ImageFormat format)
    {
        var space = loaded.Interpretation;
        var isEightBit = loaded.Format == Enums.BandFormat.Uchar;
        // Lab and the like have a range of their own. Of other floats, signed and longer integers nobody says what is white.
        if (!isEightBit && loaded.Format != Enums.BandFormat.Ushort && space is Enums.Interpretation.Srgb or Enums.Interpretation.Bw or Enums.Interpretation.Rgb16
            or Enums.Interpretation.Grey16 or Enums.Interpretation.Rgb or Enums.Interpretation.Multiband or Enums.Interpretation.Cmyk)
            throw VipsErrors.SamplesNotSupported(format, loaded.Format);
        if (loaded.Contains("icc-profile-data") && loaded.Get("icc-profile-data") is byte[] bytes)
        {
            var matrix = space == Enums.Interpretation.Srgb && isEightBit ? IccProfile.Find(bytes) : null;
            if (matrix is not null) return (loaded, matrix.IsSrgb ? null : matrix);
            if (Transformed(loaded, space) is { } transformed) return (transformed, null);
        }

        return (Converted(loaded, space, isEightBit, format), null);
    }

    /// <summary>By the embedded profile, to 8 bits: libvips would keep the depth of 16-bit pixels. Null when the profile does not fit.</summary>
    private static Image? Transformed(Image image, Enums.Interpretation space)
    {
        try
        {
            return image.IccTransform("srgb", embedded: true, depth: 8, inputProfile: space == Enums.Interpretation.Cmyk ? "cmyk" : null);
        }
        catch (VipsException)
        {
            return null;
        }
    }

    private static Image Converted(Image image, Enums.Interpretation space, bool isEightBit, ImageFormat format)
    {
        try
        {
            if (isEightBit && space is Enums.Interpretation.Srgb or Enums.Interpretation.Bw) return image;
            using var converted = image.Colourspace(Enums.Interpretation.Srgb);
            return converted.Cast(Enums.BandFormat.Uchar);
        }
        catch (VipsException)
        {
            Throw.ImageColorsNotSupported(format, image.Bands);
            throw;
        }
    }
}
