using OnnxTransfer.Decoding.Containers;

using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// What the image libraries do not tell of the pixels of a PNG file. Both pass over profiles that they do not like.
/// </summary>
internal static class PngChunks
{
    private const int SignatureLength = 8;

    /// <summary>Length, kind and checksum of a chunk.</summary>
    private const int FrameLength = 12;

    private const int BitDepthOffset = 24;
    private const int ColorTypeOffset = 25;

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

    /// <summary>Whether the pixels are gray, with or without alpha.</summary>
    /// <param name="file">A file with a sound header.</param>
    internal static bool IsGray(ReadOnlySpan<byte> file) => file[ColorTypeOffset] is 0 or 4;

    /// <summary>Channels that are stored: one of palette and gray.</summary>
    /// <param name="file">A file with a header, sound or not.</param>
    internal static int Channels(ReadOnlySpan<byte> file) => file[ColorTypeOffset] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Whether the file has a chunk that may hold an orientation in one of its forms.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static bool HasMetadata(ReadOnlySpan<byte> file) =>
        !Find(file, "eXIf"u8).IsEmpty || !Find(file, "iTXt"u8).IsEmpty || !Find(file, "zTXt"u8).IsEmpty || !Find(file, "tEXt"u8).IsEmpty;

    /// <summary>Whether pixels have a sample of alpha.</summary>
    /// <param name="file">A file with a sound header.</param>
    internal static bool HasAlpha(ReadOnlySpan<byte> file) => file[ColorTypeOffset] is 4 or 6;

    /// <summary>Whether samples have 16 bits.</summary>
    /// <param name="file">A file with a sound header.</param>
    internal static bool IsDeep(ReadOnlySpan<byte> file) => file[BitDepthOffset] == 16;

    /// <summary>The body of the chunk with the ICC profile; empty where there is none, or it has not its checksum.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static ReadOnlySpan<byte> Profile(ReadOnlySpan<byte> file) =>
        Find(file, "iCCP"u8) is { IsEmpty: false } profile && file.Overlaps(profile, out var at) && PngFile.HasItsSum(file, at - 8, profile.Length) ? profile : default;

    /// <summary>The most bytes that the ICC profile has, sound or not, when it is unpacked.</summary>
    internal static long MostProfileBytes(ReadOnlySpan<byte> file) => Math.Min((long)MostInflated * Find(file, "iCCP"u8).Length, EmbeddedProfile.MostBytes);

    /// <summary>The file without its ICC profile.</summary>
    /// <param name="file">A file that begins as PNG does, sound or not.</param>
    internal static ReadOnlySpan<byte> WithoutProfile(ReadOnlySpan<byte> file)
    {
        var profile = Find(file, "iCCP"u8);
        if (profile.IsEmpty || !file.Overlaps(profile, out var at)) return file;
        // Its length and kind are before it, its checksum behind it.
        return (byte[])[.. file[..(at - 8)], .. file[(at + profile.Length + 4)..]];
    }

    /// <summary>
    /// A gray file of 16 bits as one of 8 bits that has the same bytes: gray becomes gray and alpha, gray and alpha become RGBA, each two
    /// of the new samples the high and the low byte of an old one. Filters and interlacing see bytes alone, so they stay as they are.
    /// </summary>
    /// <param name="file">A gray file of 16 bits.</param>
    internal static byte[] AsBytes(ReadOnlySpan<byte> file)
    {
        var bytes = WithoutProfile(file).ToArray();
        (bytes[BitDepthOffset], bytes[ColorTypeOffset]) = (8, (byte)(bytes[ColorTypeOffset] == 0 ? 4 : 6));
        const int kindAt = SignatureLength + 4, checksumAt = kindAt + 4 + 13;
        WriteUInt32BigEndian(bytes.AsSpan(checksumAt), PngSum.Of(bytes.AsSpan(kindAt, checksumAt - kindAt)));
        return bytes;
    }

    /// <summary>The value of a gray file of 16 bits that is transparent; null for none.</summary>
    internal static ushort? TransparentGray(ReadOnlySpan<byte> file) =>
        file[ColorTypeOffset] == 0 && Find(file, "tRNS"u8) is { Length: >= 2 } chunk ? ReadUInt16BigEndian(chunk) : null;

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
