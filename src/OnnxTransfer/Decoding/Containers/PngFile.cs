using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The chunks of a PNG file (W3C's PNG, third edition).</summary>
internal static class PngFile
{
    internal const int SignatureLength = 8;

    /// <summary>The bytes of a chunk's length, kind and checksum.</summary>
    internal const int FrameLength = 12;

    private const int HeaderLength = 13;

    /// <summary>The largest compressed profile that is accepted; profiles of displays and cameras are smaller.</summary>
    private const int MostProfile = 4 << 20;

    /// <summary>Reads the orientation, checks the chunks that contain pixels, and finds the chunks that do not.</summary>
    /// <returns>Whether these chunks are complete and valid; <see cref="PngMending"/> rewrites other files.</returns>
    /// <exception cref="ImageDecodeException">The header is damaged, or there are no pixels.</exception>
    internal static bool Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var (isSound, hasPixels, at) = (true, false, SignatureLength);
        while (true)
        {
            var rest = file.Length - at;
            if (rest < FrameLength || ReadUInt32BigEndian(file[at..]) > rest - FrameLength)
            {
                isSound = false;
                if (at == SignatureLength) Throw.ImageDamaged(ImageFormat.Png, "its header is missing");
                if (rest >= 8 && file.Slice(at + 4, 4).SequenceEqual("IDAT"u8)) hasPixels = true;
                break;
            }

            var length = (int)ReadUInt32BigEndian(file[at..]);
            var kind = file.Slice(at + 4, 4);
            var body = file.Slice(at + 8, length);
            if (at == SignatureLength) RequireHeader(kind, body, file.Slice(at + 8 + length, 4));
            var whole = length + FrameLength;
            if (kind.SequenceEqual("IEND"u8))
            {
                findings.EndAt(at + whole, file.Length);
                break;
            }

            if (!IsKind(kind))
            {
                isSound = false;
                break;
            }

            hasPixels |= kind.SequenceEqual("IDAT"u8);
            if (MakesPixels(kind)) isSound &= HasItsSum(file, at, length);
            else if (!IsColor(kind) || length > MostProfile || !HasItsSum(file, at, length)) Take(kind, body, findings, at, whole);
            at += whole;
        }

        if (!hasPixels) Throw.ImageDamaged(ImageFormat.Png, "it ends before its pixels");
        return isSound;
    }

    internal static bool HasItsSum(ReadOnlySpan<byte> file, int at, int length) =>
        PngSum.Of(file.Slice(at + 4, length + 4)) == ReadUInt32BigEndian(file[(at + 8 + length)..]);

    internal static bool IsKind(ReadOnlySpan<byte> kind)
    {
        foreach (var letter in kind)
        {
            if (!char.IsAsciiLetter((char)letter)) return false;
        }

        return true;
    }

    /// <summary>Whether a chunk contains the pixels, the palette, or the transparency of the palette or of a color.</summary>
    internal static bool MakesPixels(ReadOnlySpan<byte> kind) =>
        kind.SequenceEqual("IDAT"u8) || kind.SequenceEqual("IHDR"u8) || kind.SequenceEqual("PLTE"u8) || kind.SequenceEqual("tRNS"u8);

    private static bool IsColor(ReadOnlySpan<byte> kind) =>
        kind.SequenceEqual("iCCP"u8) || kind.SequenceEqual("sRGB"u8) || kind.SequenceEqual("gAMA"u8) || kind.SequenceEqual("cHRM"u8)
        || kind.SequenceEqual("cICP"u8) || kind.SequenceEqual("sBIT"u8);

    private static void RequireHeader(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body, ReadOnlySpan<byte> sum)
    {
        if (!kind.SequenceEqual("IHDR"u8) || body.Length != HeaderLength) Throw.ImageDamaged(ImageFormat.Png, "its header is missing");
        if (PngSum.Of(kind, body) != ReadUInt32BigEndian(sum)) Throw.ImageDamaged(ImageFormat.Png, "the checksum of its header is wrong");
    }

    private static void Take(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body, FileFindings findings, int at, int whole)
    {
        if (kind.SequenceEqual("eXIf"u8)) findings.TakeExif(body);
        else if (kind.SequenceEqual("tEXt"u8) || kind.SequenceEqual("zTXt"u8) || kind.SequenceEqual("iTXt"u8)) PngTexts.Take(kind, body, findings);
        findings.Drop(at, whole);
    }
}
