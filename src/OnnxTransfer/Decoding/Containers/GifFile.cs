using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The blocks of a GIF file (GIF89a specification).</summary>
internal static class GifFile
{
    private const int HeaderLength = 13;
    private const int ImageLength = 10;
    private const byte Extension = 0x21;
    private const byte Image = 0x2C;
    private const byte Trailer = 0x3B;
    private const byte GraphicControl = 0xF9;

    private static readonly byte[] s_end = [0, Trailer];

    /// <summary>
    /// A block of codes for a pixel that nobody takes, in place of the code for the end. libvips drops the last pixels where it finds neither.
    /// </summary>
    private static readonly byte[] s_more = [4, 0, 0, 0, 0, .. s_end];

    /// <summary>Checks the first frame, and finds the bytes that its pixels do not depend on: comments and the other frames.</summary>
    /// <exception cref="ImageDecodeException">The first frame lacks pixels.</exception>
    internal static void Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        if (file.Length < HeaderLength) Throw.ImageDamaged(ImageFormat.Gif, "it ends in its header");
        var at = HeaderLength + PaletteLength(file[10]);
        var (frames, endOfFirst, isWhole, lacksEnd) = (0, 0, false, false);
        while (at < file.Length)
        {
            if (file[at] == Trailer)
            {
                isWhole = true;
                break;
            }

            if (file[at] == Extension)
            {
                var end = at + 2 <= file.Length ? EndOfBlocks(file, at + 2) : -1;
                if (end < 0) break;
                if (frames == 0 && file[at + 1] != GraphicControl) findings.Drop(at, end - at);
                at = end;
            }
            else if (file[at] == Image && at + ImageLength < file.Length)
            {
                var data = at + ImageLength + PaletteLength(file[at + 9]);
                var end = data + 1 < file.Length ? EndOfBlocks(file, data + 1) : -1;
                if (frames == 0)
                {
                    lacksEnd = RequirePixels(file, at, data);
                    endOfFirst = end < 0 ? file.Length : end;
                }

                frames++;
                if (end < 0) break;
                at = end;
            }
            else
            {
                break;
            }
        }

        if (frames == 0) Throw.ImageDamaged(ImageFormat.Gif, "it ends before its pixels");
        if (isWhole && frames == 1 && !lacksEnd)
        {
            findings.EndAt(at + 1, file.Length);
            return;
        }

        // A second terminator of the blocks is not a block, and the trailer always ends the file.
        if (!lacksEnd) findings.EndAt(endOfFirst, file.Length, s_end);
        else findings.EndAt(file[endOfFirst - 1] == 0 ? endOfFirst - 1 : endOfFirst, file.Length, s_more);
        findings.MustRewrite |= lacksEnd;
        if (isWhole) return;
        findings.Warn(frames > 1 ? "it ends within its animation" : "its end marker is missing");
        findings.MustRewrite = true;
    }

    private static int PaletteLength(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);

    /// <summary>The offset after the terminator of the blocks that begin at <paramref name="at"/>; -1 if the file ends first.</summary>
    private static int EndOfBlocks(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length)
        {
            if (file[at] == 0) return at + 1;
            at += file[at] + 1;
        }

        return -1;
    }

    /// <summary>Whether the pixels are there, but no code for their end.</summary>
    private static bool RequirePixels(ReadOnlySpan<byte> file, int image, int data)
    {
        var pixels = (long)ReadUInt16LittleEndian(file[(image + 5)..]) * ReadUInt16LittleEndian(file[(image + 7)..]);
        if (data >= file.Length) Throw.ImageDamaged(ImageFormat.Gif, "it ends before its pixels");
        var decoded = GifCodes.CountPixels(file[(data + 1)..], file[data], pixels, out var lacksEnd);
        if (decoded < pixels) Throw.ImageDamaged(ImageFormat.Gif, $"its codes end after {decoded} of {pixels} pixels");
        return lacksEnd;
    }
}
