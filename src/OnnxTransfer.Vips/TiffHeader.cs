using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Vips;

/// <summary>What libvips does not tell of a TIFF file.</summary>
internal static class TiffHeader
{
    private const int EntryLength = 12;
    private const int CompressionTag = 259;
    private const int OldJpeg = 6;

    /// <summary>
    /// Whether the first picture is compressed as JPEG in the way of TIFF 6.0, which was replaced in 1995: the libtiff inside libvips has
    /// no decoder for it and gives empty pixels without an error.
    /// </summary>
    /// <param name="file">A file that begins as TIFF does, sound or not.</param>
    internal static bool IsOldJpeg(ReadOnlySpan<byte> file)
    {
        if (file.Length < 8) return false;
        var isLittleEndian = file[0] == (byte)'I';
        var directory = isLittleEndian ? ReadUInt32LittleEndian(file[4..]) : ReadUInt32BigEndian(file[4..]);
        if (Short(file, 2) != 42 || directory > (uint)file.Length - 2) return false;

        var count = Short(file, (int)directory);
        for (var at = (int)directory + 2; count > 0 && at <= file.Length - EntryLength; at += EntryLength, count--)
        {
            if (Short(file, at) == CompressionTag) return Short(file, at + 8) == OldJpeg;
        }

        return false;

        int Short(ReadOnlySpan<byte> bytes, int at) => isLittleEndian ? ReadUInt16LittleEndian(bytes[at..]) : ReadUInt16BigEndian(bytes[at..]);
    }
}
