using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The segments of a JPEG file (ITU-T T.81, annex B).</summary>
internal static class JpegFile
{
    internal const byte StartOfScan = 0xDA;
    internal const byte EndOfImage = 0xD9;

    private static readonly byte[] s_end = [0xFF, EndOfImage];

    /// <summary>The end marker.</summary>
    internal static ReadOnlySpan<byte> End => s_end;

    /// <summary>Bytes of ones, which are not a valid code. A codec looks eight bytes ahead and decodes no block from them.</summary>
    private static readonly byte[] s_open = [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

    /// <summary>Reads the orientation, and finds the bytes that no pixel depends on and the end of the file.</summary>
    /// <param name="file">A file with a JPEG signature; the rest may be invalid.</param>
    /// <param name="findings">Receives what is found.</param>
    /// <returns>How the file ends.</returns>
    /// <exception cref="ImageDecodeException">The file ends before its pixels, or is of an unsupported kind.</exception>
    internal static JpegEnd Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var (scans, isPlain) = (0, true);
        for (var at = 2; ;)
        {
            at = NextMarker(file, at);
            if (at < 0) break;
            var marker = file[at + 1];
            if (marker == EndOfImage)
            {
                if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
                findings.EndAt(at + 2, file.Length);
                return isPlain && scans == 1 ? JpegEnd.OfOneScan : JpegEnd.Marked;
            }

            // The check of the Huffman codes decides about everything else that follows a scan: more scans, or an unexpected marker.
            isPlain &= scans == 0;
            // Markers without a segment: TEM, RST and a second SOI.
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2;
                continue;
            }

            if (at + 4 > file.Length) break;
            var length = ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || length > file.Length - at - 2) break;
            var body = file.Slice(at + 4, length - 2);
            // A plain file has no restart intervals and no process other than baseline and extended Huffman codes.
            isPlain &= marker != 0xDD && !(IsFrame(marker) && marker > 0xC1);
            if (marker == StartOfScan) scans++;
            else if (IsFrame(marker)) RequireKnown(marker, body);
            else if (IsMetadata(marker, body)) Take(marker, body, scans == 0, findings, at, length + 2);
            at += length + 2;
        }

        if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
        findings.EndAt(LastByte(file), file.Length, s_end);
        return JpegEnd.Missing;
    }

    /// <summary>Leaves the end marker out. A codec that ignores an early end then runs out of bytes.</summary>
    internal static void Open(FileFindings findings, int length) => findings.EndAt(findings.EndIn(length) - 2, length, s_open);

    /// <summary>
    /// The offset of the 0xFF of the next marker; -1 if there is none. Entropy-coded bytes are skipped; a zero follows their 0xFF.
    /// </summary>
    internal static int NextMarker(ReadOnlySpan<byte> file, int at)
    {
        while (true)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return -1;
            at += next;
            // Any number of 0xFF may precede a marker.
            if (file[at + 1] is not (0x00 or 0xFF)) return at;
            at += file[at + 1] == 0x00 ? 2 : 1;
        }
    }

    /// <summary>Whether a marker begins a frame (SOF) and so names the coding process.</summary>
    internal static bool IsFrame(byte marker) => marker is (>= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC) or 0xF7;

    /// <summary>The length of the file without 0xFF at its end, which would merge with the end marker that is appended.</summary>
    private static int LastByte(ReadOnlySpan<byte> file)
    {
        var length = file.Length;
        while (length > 0 && file[length - 1] == 0xFF) length--;
        return length;
    }

    private static void RequireKnown(byte marker, ReadOnlySpan<byte> frame)
    {
        if (marker == 0xF7) Throw.ImageIsOther("a JPEG-LS image", FileKind.SaveAgain);
        if (marker is 0xC3 or 0xC7 or 0xCB or 0xCF) Throw.ImageIsOther("a lossless JPEG image (from a medical device or a raw converter)", FileKind.SaveAgain);
        if (marker is 0xC5 or 0xC6 or 0xCD or 0xCE) Throw.ImageIsOther("a hierarchical JPEG image", FileKind.SaveAgain);
        if (frame.Length > 0 && frame[0] != 8) Throw.ImageIsOther($"a JPEG image with {frame[0]} bits per channel", FileKind.SaveAgain);
    }

    /// <summary>
    /// Whether a segment is a comment or an application segment. JFIF, Adobe's color transform and the ICC profile do not count.
    /// </summary>
    private static bool IsMetadata(byte marker, ReadOnlySpan<byte> body) =>
        marker == 0xFE || (marker is >= 0xE1 and <= 0xEF and not 0xEE && !(marker == 0xE2 && body.StartsWith("ICC_PROFILE\0"u8)));

    /// <summary>Takes metadata only before the pixels, where the standards put them.</summary>
    private static void Take(byte marker, ReadOnlySpan<byte> body, bool isBeforePixels, FileFindings findings, int at, int length)
    {
        if (marker == 0xE1 && isBeforePixels)
        {
            if (body.StartsWith(ExifOrientation.Prefix)) findings.TakeExif(body);
            else if (body.StartsWith(XmpOrientation.Prefix)) findings.TakeXmp(body[XmpOrientation.Prefix.Length..]);
        }

        findings.Drop(at, length);
    }
}

/// <summary>How a JPEG file ends.</summary>
internal enum JpegEnd
{
    /// <summary>The file has no end marker.</summary>
    Missing,

    /// <summary>The file has its end marker.</summary>
    Marked,

    /// <summary>The file has its end marker after a single scan of Huffman codes without restart intervals, as most files do.</summary>
    OfOneScan,
}
