using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>Tells a format by its signature, never by the file's name.</summary>
internal static class ImageFormats
{
    /// <summary>What a message lists when the signature is none of these.</summary>
    internal const string Known = "JPEG, PNG, WebP, GIF, TIFF, BMP, ICO, AVIF, HEIC";

    /// <summary>Where the brands of an ISO base media file begin: behind the box's length and its type.</summary>
    private const int BrandsOffset = 8;

    internal static ImageFormat Detect(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.Webp,
        // 42 is TIFF's number, 43 BigTIFF's.
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => ImageFormat.Tiff,
        [(byte)'B', (byte)'M', ..] => ImageFormat.Bmp,
        _ when IsIcon(bytes) => ImageFormat.Ico,
        _ when IsBaseMedia(bytes) => OfBrands(bytes),
        _ => ImageFormat.Unknown,
    };

    /// <summary>
    /// Whether the file begins as icons (1) and cursors (2) do: the kind, the number of pictures, and the first picture's entry, whose reserved
    /// byte is 0 and whose bytes are behind the directory.
    /// </summary>
    private static bool IsIcon(ReadOnlySpan<byte> bytes) =>
        bytes is [0, 0, 1 or 2, 0, _, _, _, _, _, 0 or 255, ..] && bytes.Length >= 22 && ReadUInt16LittleEndian(bytes[4..]) is > 0 and <= 1024 and var count
        && ReadUInt32LittleEndian(bytes[18..]) >= 6 + (16 * count);

    /// <summary>Whether the file begins as MP4, AVIF and HEIC files do.</summary>
    internal static bool IsBaseMedia(ReadOnlySpan<byte> bytes) => bytes is [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', _, _, _, _, ..];

    /// <summary>
    /// The brands say what is in an ISO base media file (ISO/IEC 14496-12, 4.3): the first one is what it is, the others are what
    /// it may be read as. A file whose first brand is a picture of any codec (<c>mif1</c>, <c>msf1</c>) names its codec among the others.
    /// </summary>
    private static ImageFormat OfBrands(ReadOnlySpan<byte> bytes)
    {
        var first = OfBrand(bytes.Slice(BrandsOffset, 4));
        if (first is not null) return first.Value;
        if (!IsAnyPicture(bytes.Slice(BrandsOffset, 4))) return ImageFormat.Unknown;

        // Four bytes of a minor version lie between the first brand and the others.
        var length = (int)Math.Min(ReadUInt32BigEndian(bytes), (uint)bytes.Length);
        for (var at = BrandsOffset + 8; at + 4 <= length; at += 4)
        {
            if (OfBrand(bytes.Slice(at, 4)) is { } format) return format;
        }

        return ImageFormat.Heic;
    }

    private static bool IsAnyPicture(ReadOnlySpan<byte> brand) =>
        brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("mif2"u8) || brand.SequenceEqual("miaf"u8);

    private static ImageFormat? OfBrand(ReadOnlySpan<byte> brand) => brand switch
    {
        [(byte)'a', (byte)'v', (byte)'i', (byte)'f' or (byte)'s'] => ImageFormat.Avif,
        [(byte)'h', (byte)'e', (byte)'i', (byte)'c' or (byte)'x' or (byte)'m' or (byte)'s'] => ImageFormat.Heic,
        [(byte)'h', (byte)'e', (byte)'v', (byte)'c' or (byte)'x' or (byte)'m' or (byte)'s'] => ImageFormat.Heic,
        _ => null,
    };
}
