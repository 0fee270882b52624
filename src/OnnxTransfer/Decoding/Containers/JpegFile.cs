using System.Runtime.Intrinsics;
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

    /// <summary>Ones, which are no code: a codec looks eight bytes ahead, and makes no block of these.</summary>
    private static readonly byte[] s_open = [0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0];

    /// <summary>Reads the orientation and finds what no pixel depends on, and the end.</summary>
    /// <param name="file">A file that begins as JPEG does, sound or not.</param>
    /// <param name="findings">Takes what is found.</param>
    /// <returns>How the file is made.</returns>
    /// <exception cref="ImageDecodeException">The file ends before its pixels, or is of a kind that no decoder here reads.</exception>
    internal static JpegShape Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var (scans, isPlain, hasHole) = (0, true, false);
        for (var at = 2; ;)
        {
            at = NextMarker(file, at);
            if (at < 0) break;
            var marker = file[at + 1];
            if (marker == EndOfImage)
            {
                if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
                findings.EndAt(at + 2, file.Length);
                return new JpegShape(HasEnd: true, isPlain && scans == 1, hasHole);
            }

            // Whatever else follows the scan, more scans or a marker where codes should be, is for the judge.
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
            // Restart intervals, and processes but for baseline and extended Huffman codes, are none of a plain file.
            isPlain &= marker != 0xDD && !(IsFrame(marker) && marker > 0xC1);
            if (marker == StartOfScan)
            {
                scans++;
                hasHole |= HasHole(file[(at + length + 2)..]);
            }
            else if (IsFrame(marker))
            {
                RequireKnown(marker, body);
            }
            else if (IsMetadata(marker, body))
            {
                Take(marker, body, scans == 0, findings, at, length + 2);
            }

            at += length + 2;
        }

        if (scans == 0) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before its pixels");
        findings.EndAt(LastByte(file), file.Length, s_end);
        return new JpegShape(HasEnd: false, IsPlain: false, hasHole);
    }

    /// <summary>Leaves the end marker out, so that a codec that passes over an early end runs out of bytes instead.</summary>
    internal static void Open(FileFindings findings, int length) => findings.EndAt(findings.EndIn(length) - 2, length, s_open);

    /// <summary>Where the next marker's 0xFF is; -1 for none. Entropy-coded bytes, whose 0xFF is followed by a zero, are passed over.</summary>
    internal static int NextMarker(ReadOnlySpan<byte> file, int at)
    {
        while (true)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return -1;
            at += next;
            // A marker may have any number of 0xFF before it.
            if (file[at + 1] is not (0x00 or 0xFF)) return at;
            at += file[at + 1] == 0x00 ? 2 : 1;
        }
    }

    /// <summary>
    /// Whether the codes up to the next marker have a run of one byte, as a failed copy or a bad sector leaves it: always from 33 bytes on, never
    /// below 17. Sound files hardly have one.
    /// </summary>
    /// <param name="codes">Begins with the codes of a scan.</param>
    internal static bool HasHole(ReadOnlySpan<byte> codes)
    {
        var end = NextMarker(codes, 0);
        if (end >= 0) codes = codes[..end];
        for (; codes.Length > Vector128<byte>.Count; codes = codes[Vector128<byte>.Count..])
        {
            if (Vector128.EqualsAll(Vector128.Create(codes), Vector128.Create(codes[1..]))) return true;
        }

        return false;
    }

    /// <summary>Whether a marker begins a frame (SOF): which process the pixels are coded by.</summary>
    internal static bool IsFrame(byte marker) => marker is (>= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC) or 0xF7;

    /// <summary>A lonely 0xFF at the end would join the end marker that is put behind it.</summary>
    private static int LastByte(ReadOnlySpan<byte> file)
    {
        var length = file.Length;
        while (length > 0 && file[length - 1] == 0xFF) length--;
        return length;
    }

    private static void RequireKnown(byte marker, ReadOnlySpan<byte> frame)
    {
        if (marker == 0xF7) Throw.ImageIsOther("a JPEG-LS image", FileKind.SaveAgain);
        if (marker is 0xC3 or 0xC7 or 0xCB or 0xCF) Throw.ImageIsOther("a lossless JPEG image, as medical devices and raw converters write them", FileKind.SaveAgain);
        if (marker is 0xC5 or 0xC6 or 0xCD or 0xCE) Throw.ImageIsOther("a hierarchical JPEG image", FileKind.SaveAgain);
        if (frame.Length > 0 && frame[0] != 8) Throw.ImageIsOther($"a JPEG image of {frame[0]} bits a channel", FileKind.SaveAgain);
    }

    /// <summary>Comments, and application segments but for JFIF, Adobe's color transform and the ICC profile.</summary>
    private static bool IsMetadata(byte marker, ReadOnlySpan<byte> body) =>
        marker == 0xFE || (marker is >= 0xE1 and <= 0xEF and not 0xEE && !(marker == 0xE2 && body.StartsWith("ICC_PROFILE\0"u8)));

    /// <summary>Metadata count where the standards put them, before the pixels.</summary>
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

/// <summary>How a JPEG file is made.</summary>
/// <param name="HasEnd">Whether it has its end marker.</param>
/// <param name="IsPlain">Whether that is behind a single scan of Huffman codes without restart intervals, as in most files.</param>
/// <param name="HasHole">Whether a scan has a hole.</param>
internal readonly record struct JpegShape(bool HasEnd, bool IsPlain, bool HasHole);
