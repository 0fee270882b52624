using OnnxTransfer.Decoding.Containers;

using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>Facts about the pixels of a PNG file that the image libraries do not report. Both libraries ignore some profiles.</summary>
internal static class PngChunks
{
    private const int SignatureLength = 8;

    /// <summary>The bytes of a chunk's length, kind and checksum.</summary>
    private const int FrameLength = 12;

    private const int BitDepthOffset = 24;
    private const int ColorTypeOffset = 25;

    /// <summary>The most bytes that deflate can store in one byte.</summary>
    private const int MostInflated = 1032;

    /// <summary>
    /// Whether the file is long enough for the pixels that its header claims. Skia fills in missing pixels of a damaged file, which uses
    /// memory for all of them.
    /// </summary>
    /// <param name="file">A file with a valid header.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">The number of rows.</param>
    internal static bool CanHold(ReadOnlySpan<byte> file, int width, int height)
    {
        var rowBytes = (((long)width * Channels(file) * file[BitDepthOffset]) + 7) / 8;
        return height * rowBytes <= (long)MostInflated * file.Length;
    }

    /// <summary>Whether the pixels are gray, with or without alpha.</summary>
    /// <param name="file">A file with a valid header.</param>
    internal static bool IsGray(ReadOnlySpan<byte> file) => file[ColorTypeOffset] is 0 or 4;

    /// <summary>The number of stored channels; one for palette and gray.</summary>
    /// <param name="file">A file with a header, which may be invalid.</param>
    internal static int Channels(ReadOnlySpan<byte> file) => file[ColorTypeOffset] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

    /// <summary>Whether the file has a chunk that may contain an orientation in one of its forms.</summary>
    /// <param name="file">A file with a PNG signature; the rest may be invalid.</param>
    internal static bool HasMetadata(ReadOnlySpan<byte> file) =>
        !Find(file, "eXIf"u8).IsEmpty || !Find(file, "iTXt"u8).IsEmpty || !Find(file, "zTXt"u8).IsEmpty || !Find(file, "tEXt"u8).IsEmpty;

    /// <summary>Whether pixels have an alpha sample.</summary>
    /// <param name="file">A file with a valid header.</param>
    internal static bool HasAlpha(ReadOnlySpan<byte> file) => file[ColorTypeOffset] is 4 or 6;

    /// <summary>Whether samples have 16 bits.</summary>
    /// <param name="file">A file with a valid header.</param>
    internal static bool IsDeep(ReadOnlySpan<byte> file) => file[BitDepthOffset] == 16;

    /// <summary>The content of the chunk with the ICC profile; empty if there is none, or its checksum is wrong.</summary>
    /// <param name="file">A file with a PNG signature; the rest may be invalid.</param>
    internal static ReadOnlySpan<byte> Profile(ReadOnlySpan<byte> file) =>
        Find(file, "iCCP"u8) is { IsEmpty: false } profile && file.Overlaps(profile, out var at) && PngFile.HasItsSum(file, at - 8, profile.Length) ? profile : default;

    /// <summary>The most bytes that the decompressed ICC profile can have, even if it is invalid.</summary>
    internal static long MostProfileBytes(ReadOnlySpan<byte> file) => Math.Min((long)MostInflated * Find(file, "iCCP"u8).Length, EmbeddedProfile.MostBytes);

    /// <summary>A copy of the file without its ICC profile.</summary>
    /// <param name="file">A file with a PNG signature; the rest may be invalid.</param>
    internal static ReadOnlySpan<byte> WithoutProfile(ReadOnlySpan<byte> file)
    {
        var profile = Find(file, "iCCP"u8);
        if (profile.IsEmpty || !file.Overlaps(profile, out var at)) return file;
        // The length and the kind precede the content, and the checksum follows it.
        return (byte[])[.. file[..(at - 8)], .. file[(at + profile.Length + 4)..]];
    }

    /// <summary>
    /// Rewrites a gray 16-bit file as an 8-bit file with the same bytes. Gray becomes gray and alpha; gray and alpha becomes RGBA. Each
    /// pair of new samples is the high and the low byte of an old sample. Filters and interlacing work on bytes, so they do not change.
    /// </summary>
    /// <param name="file">A gray 16-bit file.</param>
    internal static byte[] AsBytes(ReadOnlySpan<byte> file)
    {
        var bytes = WithoutProfile(file).ToArray();
        (bytes[BitDepthOffset], bytes[ColorTypeOffset]) = (8, (byte)(bytes[ColorTypeOffset] == 0 ? 4 : 6));
        const int kindAt = SignatureLength + 4, checksumAt = kindAt + 4 + 13;
        WriteUInt32BigEndian(bytes.AsSpan(checksumAt), PngSum.Of(bytes.AsSpan(kindAt, checksumAt - kindAt)));
        return bytes;
    }

    /// <summary>The transparent value of a gray 16-bit file; null if there is none.</summary>
    internal static ushort? TransparentGray(ReadOnlySpan<byte> file) =>
        file[ColorTypeOffset] == 0 && Find(file, "tRNS"u8) is { Length: >= 2 } chunk ? ReadUInt16BigEndian(chunk) : null;

    /// <summary>The content of the first chunk of a kind; empty if there is none.</summary>
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
