using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// What Skia does not tell of a PNG file: it makes a colour profile of the gamma and the primaries, which Pillow, TensorFlow and libvips
/// leave alone.
/// </summary>
internal static class PngChunks
{
    private const int SignatureLength = 8;

    /// <summary>Length, kind and checksum of a chunk.</summary>
    private const int FrameLength = 12;

    private const int BitDepthOffset = 24;
    private const int ColourTypeOffset = 25;

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
        // Palette and grey have one channel.
        var channels = file[ColourTypeOffset] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        var rowBytes = (((long)width * channels * file[BitDepthOffset]) + 7) / 8;
        return height * rowBytes <= (long)MostInflated * file.Length;
    }

    /// <summary>Whether the file has an ICC profile.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static bool HasProfile(ReadOnlySpan<byte> file) => !Find(file, "iCCP"u8).IsEmpty;

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
