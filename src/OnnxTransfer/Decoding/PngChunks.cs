using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// What the image libraries do not tell of a PNG file: Skia passes over the orientation, and libvips over that of some; and Skia makes a
/// colour profile of the gamma and the primaries, which Pillow, TensorFlow and libvips leave alone.
/// </summary>
internal static class PngChunks
{
    private const int SignatureLength = 8;

    /// <summary>Length, kind and checksum of a chunk.</summary>
    private const int FrameLength = 12;

    private const int BitDepthOffset = 24;
    private const int ColourTypeOffset = 25;
    private const int OrientationTag = 0x0112;

    /// <summary>The most that deflate makes of one byte.</summary>
    private const int MostInflated = 1032;

    /// <summary>
    /// Whether the file is long enough for the pixels that its header claims. Skia fills what a damaged file lacks, and
    /// touches memory for all of it.
    /// </summary>
    /// <param name="file">A file with a sound header.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="height">Rows.</param>
    internal static bool CanHold(ReadOnlySpan<byte> file, int width, int height)
    {
        var rowBytes = (((long)width * Channels(file) * file[BitDepthOffset]) + 7) / 8;
        return height * rowBytes <= (long)MostInflated * file.Length;
    }

    /// <summary>Channels that are stored: one of palette and grey.</summary>
    /// <param name="file">A file with a header, sound or not.</param>
    internal static int Channels(ReadOnlySpan<byte> file) => file[ColourTypeOffset] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Whether the file has a chunk that may hold an orientation in one of its forms.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static bool HasMetadata(ReadOnlySpan<byte> file) =>
        !Find(file, "eXIf"u8).IsEmpty || !Find(file, "iTXt"u8).IsEmpty || !Find(file, "zTXt"u8).IsEmpty || !Find(file, "tEXt"u8).IsEmpty;

    /// <summary>Whether the file has an ICC profile.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static bool HasProfile(ReadOnlySpan<byte> file) => !Find(file, "iCCP"u8).IsEmpty;

    /// <summary>The orientation in the file's EXIF data; upright where there is none, or nonsense.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static Orientation Orientation(ReadOnlySpan<byte> file)
    {
        var exif = Find(file, "eXIf"u8);
        if (exif.Length < 8) return Decoding.Orientation.Upright;
        var littleEndian = exif[0] == (byte)'I';
        var directory = littleEndian ? ReadUInt32LittleEndian(exif[4..]) : ReadUInt32BigEndian(exif[4..]);
        if (directory > exif.Length - 2) return Decoding.Orientation.Upright;

        var entries = exif[(int)directory..];
        var count = Short(entries, littleEndian);
        for (entries = entries[2..]; count > 0 && entries.Length >= 12; entries = entries[12..], count--)
        {
            if (Short(entries, littleEndian) == OrientationTag)
                return Short(entries[8..], littleEndian) is >= 1 and <= 8 and var value ? (Orientation)value : Decoding.Orientation.Upright;
        }

        return Decoding.Orientation.Upright;
    }

    private static int Short(ReadOnlySpan<byte> bytes, bool littleEndian) =>
        littleEndian ? ReadUInt16LittleEndian(bytes) : ReadUInt16BigEndian(bytes);

    /// <summary>The body of the first chunk of a kind; empty where there is none.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> file, ReadOnlySpan<byte> kind)
    {
        for (var rest = file[SignatureLength..]; rest.Length >= FrameLength;)
        {
            var length = ReadUInt32BigEndian(rest);
            if (length > rest.Length - FrameLength) break;
            if (rest.Slice(4, 4).SequenceEqual(kind)) return rest.Slice(8, (int)length);
            rest = rest[((int)length + FrameLength)..];
        }

        return default;
    }
}
