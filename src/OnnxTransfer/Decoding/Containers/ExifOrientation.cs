using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>Reads the orientation (tag 0x0112) from EXIF data. EXIF data have the structure of a TIFF file (CIPA DC-008, 4.5).</summary>
internal static class ExifOrientation
{
    private const int OrientationTag = 0x0112;
    private const int EntryLength = 12;

    /// <summary>The prefix of EXIF data in JPEG files; some writers of WebP and PNG add it too.</summary>
    internal static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    /// <summary>The orientation; null if it is missing, is not 1 to 8, or the data are damaged. Never reads outside the data.</summary>
    /// <param name="exif">EXIF data in either byte order, with or without <see cref="Prefix"/>.</param>
    internal static Orientation? Find(ReadOnlySpan<byte> exif)
    {
        if (exif.StartsWith(Prefix)) exif = exif[Prefix.Length..];
        if (exif.Length < 8) return null;
        if (!exif.StartsWith("II*\0"u8) && !exif.StartsWith("MM\0*"u8)) return null;
        var isLittleEndian = exif[0] == (byte)'I';
        var directory = Long(exif[4..], isLittleEndian);
        if (directory > exif.Length - 2) return null;

        var entries = exif[(int)directory..];
        var count = Short(entries, isLittleEndian);
        for (entries = entries[2..]; count > 0 && entries.Length >= EntryLength; entries = entries[EntryLength..], count--)
        {
            if (Short(entries, isLittleEndian) == OrientationTag) return Value(entries, isLittleEndian);
        }

        return null;
    }

    /// <summary>A number from 1 to 8 as an orientation; null for any other.</summary>
    internal static Orientation? FromNumber(long number) => number is >= 1 and <= 8 ? (Orientation)number : null;

    /// <summary>The standard requires a short, but some writers store a byte or a long.</summary>
    private static Orientation? Value(ReadOnlySpan<byte> entry, bool isLittleEndian) => Short(entry[2..], isLittleEndian) switch
    {
        1 => FromNumber(entry[8]),
        4 or 9 => FromNumber(Long(entry[8..], isLittleEndian)),
        _ => FromNumber(Short(entry[8..], isLittleEndian)),
    };

    private static int Short(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? ReadUInt16LittleEndian(bytes) : ReadUInt16BigEndian(bytes);

    private static uint Long(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? ReadUInt32LittleEndian(bytes) : ReadUInt32BigEndian(bytes);
}
