using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>What the segments of a JPEG file say of its metadata, its end and its damage.</summary>
internal static class JpegFile
{
    private static readonly byte[] s_end = [0xFF, JpegSegment.EndOfImage];

    /// <summary>The end marker.</summary>
    internal static ReadOnlySpan<byte> End => s_end;

    /// <summary>Bytes of ones, which are not a valid code. A codec looks eight bytes ahead and decodes no block from them.</summary>
    private static readonly byte[] s_open = [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

    /// <summary>Reads the orientation, and finds the bytes that no pixel depends on and the end of the file.</summary>
    /// <param name="file">A file with a JPEG signature; the rest may be invalid.</param>
    /// <param name="findings">Receives what is found.</param>
    /// <returns>How the file is made.</returns>
    /// <exception cref="ImageDecodeException">The file ends before its pixels, or is of an unsupported kind.</exception>
    internal static JpegShape Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var (scans, isPlain, hasHole) = (0, true, false);
        foreach (var segment in new JpegSegments(file))
        {
            var marker = segment.Marker;
            if (marker == JpegSegment.EndOfImage)
            {
                if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
                findings.EndAt(segment.End, file.Length);
                return new JpegShape(HasEnd: true, isPlain && scans == 1, hasHole);
            }

            // Whatever else follows the scan, more scans or a marker where codes should be, is for the judge. Restart intervals, and processes
            // but for baseline and extended Huffman codes, are none of a plain file.
            isPlain &= scans == 0 && marker != JpegSegment.RestartInterval && !(segment.IsFrame && marker > 0xC1);
            if (segment.IsFrame) RequireKnown(segment);
            else if (IsMetadata(segment)) Take(segment, scans == 0, findings);
            if (marker == JpegSegment.StartOfScan) scans++;
            if (marker == JpegSegment.StartOfScan || segment.IsRestart) hasHole |= HasHole(file[segment.End..]);
        }

        if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
        findings.EndAt(LastByte(file), file.Length, s_end);
        return new JpegShape(HasEnd: false, IsPlain: false, hasHole);
    }

    /// <summary>Leaves the end marker out. A codec that ignores an early end then runs out of bytes.</summary>
    internal static void Open(FileFindings findings, int length) => findings.EndAt(findings.EndIn(length) - 2, length, s_open);

    /// <summary>
    /// Whether the codes up to the next marker have a run of one byte, as a failed copy or a bad sector leaves it: always from 33 bytes on, never
    /// below 17. Sound files hardly have one.
    /// </summary>
    /// <param name="codes">Begins with the codes of a scan.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool HasHole(ReadOnlySpan<byte> codes)
    {
        var end = JpegSegments.NextMarker(codes, 0);
        if (end >= 0) codes = codes[..end];
        for (; codes.Length > Vector128<byte>.Count; codes = codes[Vector128<byte>.Count..])
        {
            if (Vector128.EqualsAll(Vector128.Create(codes), Vector128.Create(codes[1..]))) return true;
        }

        return false;
    }

    /// <summary>The length of the file without 0xFF at its end, which would merge with the end marker that is appended.</summary>
    private static int LastByte(ReadOnlySpan<byte> file)
    {
        var length = file.Length;
        while (length > 0 && file[length - 1] == 0xFF) length--;
        return length;
    }

    private static void RequireKnown(JpegSegment frame)
    {
        var marker = frame.Marker;
        if (marker == 0xF7) Throw.ImageIsOther("a JPEG-LS image", FileKind.SaveAgain);
        if (marker is 0xC3 or 0xC7 or 0xCB or 0xCF) Throw.ImageIsOther("a lossless JPEG image (from a medical device or a raw converter)", FileKind.SaveAgain);
        if (marker is 0xC5 or 0xC6 or 0xCD or 0xCE) Throw.ImageIsOther("a hierarchical JPEG image", FileKind.SaveAgain);
        if (frame.Body.Length > 0 && frame.Body[0] != 8) Throw.ImageIsOther($"a JPEG image with {frame.Body[0]} bits a channel", FileKind.SaveAgain);
    }

    /// <summary>
    /// Whether a segment is a comment or an application segment. JFIF, Adobe's color transform and the ICC profile do not count.
    /// </summary>
    private static bool IsMetadata(JpegSegment segment) => segment.Marker == 0xFE || (segment.Marker is >= 0xE1 and <= 0xEF and not 0xEE && !segment.IsProfile);

    /// <summary>Takes metadata only before the pixels, where the standards put them.</summary>
    private static void Take(JpegSegment segment, bool isBeforePixels, FileFindings findings)
    {
        if (segment.Marker == 0xE1 && isBeforePixels)
        {
            if (segment.Body.StartsWith(ExifOrientation.Prefix)) findings.TakeExif(segment.Body);
            else if (segment.Body.StartsWith(XmpOrientation.Prefix)) findings.TakeXmp(segment.Body[XmpOrientation.Prefix.Length..]);
        }

        findings.Drop(segment.Start, segment.End - segment.Start);
    }
}

/// <summary>How a JPEG file is made.</summary>
/// <param name="HasEnd">Whether it has its end marker.</param>
/// <param name="IsPlain">Whether that is behind a single scan of Huffman codes without restart intervals, as in most files.</param>
/// <param name="HasHole">Whether a scan has a hole.</param>
internal readonly record struct JpegShape(bool HasEnd, bool IsPlain, bool HasHole);
