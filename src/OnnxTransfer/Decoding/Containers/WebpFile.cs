using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The chunks of a WebP file (RFC 9649).</summary>
internal static class WebpFile
{
    private const int HeaderLength = 12;

    /// <summary>Reads the orientation, and finds the bytes that no pixel depends on.</summary>
    /// <exception cref="ImageDecodeException">The file ends before the end of the pixels of its first frame.</exception>
    internal static void Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        // The length counts the bytes after it. Bytes beyond that length do not belong to the image.
        var end = (int)Math.Min(8L + ReadUInt32LittleEndian(file[4..]), file.Length);
        var isCut = 8L + ReadUInt32LittleEndian(file[4..]) > file.Length;
        var (at, frames, hasPixels) = (HeaderLength, 0, false);
        while (end - at >= 8)
        {
            var kind = file.Slice(at, 4);
            var length = (long)ReadUInt32LittleEndian(file[(at + 4)..]);
            var isFrame = kind.SequenceEqual("ANMF"u8);
            var isPixels = isFrame || kind.SequenceEqual("VP8 "u8) || kind.SequenceEqual("VP8L"u8);
            if (length > end - at - 8)
            {
                if (isPixels && !hasPixels) Throw.ImageDamaged(ImageFormat.Webp, $"it lacks {length - (end - at - 8)} of the {length} bytes of its pixels");
                isCut = true;
                break;
            }

            var body = file.Slice(at + 8, (int)length);
            hasPixels |= isPixels;
            if (isFrame) frames++;
            // A chunk of an odd length is padded; the padding of the last chunk may be missing.
            var whole = (int)Math.Min(8 + length + (length & 1), end - at);
            if (kind.SequenceEqual("EXIF"u8)) findings.TakeExif(body);
            else if (kind.SequenceEqual("XMP "u8)) findings.TakeXmp(body);
            if (IsMetadata(kind)) findings.Drop(at, whole);
            at += whole;
        }

        if (!hasPixels) Throw.ImageDamaged(ImageFormat.Webp, "it ends before its pixels");
        findings.EndAt(at, file.Length);
        if (!isCut) return;
        findings.Warn(frames > 0 ? "it ends within its animation" : "it ends after its pixels but before the length that it states");
        findings.MustRewrite = true;
    }

    /// <summary>Corrects the header of a file whose metadata or end were left out.</summary>
    internal static void Mend(Span<byte> file)
    {
        const int exifAndXmp = 0x08 | 0x04, flags = 20;
        WriteUInt32LittleEndian(file[4..], (uint)(file.Length - 8));
        if (file.Length > flags && file[HeaderLength..].StartsWith("VP8X"u8)) file[flags] &= unchecked((byte)~exifAndXmp);
    }

    private static bool IsMetadata(ReadOnlySpan<byte> kind) =>
        !kind.StartsWith("VP8"u8) && !kind.SequenceEqual("ALPH"u8) && !kind.StartsWith("ANI"u8) && !kind.SequenceEqual("ANMF"u8) && !kind.SequenceEqual("ICCP"u8);
}
