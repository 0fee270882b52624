using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>Recognizes a format by its signature, never by the name of the file.</summary>
internal static class ImageFormats
{
    /// <summary>The list of formats in the message for an unknown signature.</summary>
    internal const string Known = "JPEG, PNG, WebP, GIF, TIFF, BMP, ICO, AVIF, HEIC";

    /// <summary>The offset of the brands in an ISO base media file, after the length and the type of the box.</summary>
    private const int BrandsOffset = 8;

    internal static ImageFormat Detect(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.Webp,
        // The number 42 means TIFF, and 43 means BigTIFF.
        [(byte)'I', (byte)'I', 42 or 43, 0, ..] or [(byte)'M', (byte)'M', 0, 42 or 43, ..] => ImageFormat.Tiff,
        [(byte)'B', (byte)'M', ..] => ImageFormat.Bmp,
        _ when IsIcon(bytes) => ImageFormat.Ico,
        _ when IsBaseMedia(bytes) => OfBrands(bytes),
        _ => ImageFormat.Unknown,
    };

    /// <summary>
    /// Whether the file has the header of an icon (1) or a cursor (2): the kind, the number of pictures, and the entry of the first
    /// picture. The reserved byte of that entry is 0, and its picture is after the directory.
    /// </summary>
    private static bool IsIcon(ReadOnlySpan<byte> bytes) =>
        bytes is [0, 0, 1 or 2, 0, _, _, _, _, _, 0 or 255, ..] && bytes.Length >= 22 && ReadUInt16LittleEndian(bytes[4..]) is > 0 and <= 1024 and var count
        && ReadUInt32LittleEndian(bytes[18..]) >= 6 + (16 * count);

    /// <summary>Whether the file has the signature of MP4, AVIF and HEIC files.</summary>
    internal static bool IsBaseMedia(ReadOnlySpan<byte> bytes) => bytes is [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', _, _, _, _, ..];

    /// <summary>
    /// The format by the brands of an ISO base media file (ISO/IEC 14496-12, 4.3). The first brand is the type of the file, and the others
    /// are compatible types. If the first brand means a picture with any codec (<c>mif1</c>, <c>msf1</c>), the others name the codec.
    /// </summary>
    private static ImageFormat OfBrands(ReadOnlySpan<byte> bytes)
    {
        var first = OfBrand(bytes.Slice(BrandsOffset, 4));
        if (first is not null) return first.Value;
        if (!IsAnyPicture(bytes.Slice(BrandsOffset, 4))) return ImageFormat.Unknown;

        // Four bytes of a minor version are between the first brand and the others.
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
