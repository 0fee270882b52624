using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>What the chunks of a WebP file say of its metadata, its end and its damage.</summary>
internal static class WebpFile
{
    /// <summary>Reads the orientation, and finds the bytes that no pixel depends on.</summary>
    /// <exception cref="ImageDecodeException">The file ends before the end of the pixels of its first frame.</exception>
    internal static void Read(ReadOnlySpan<byte> file, FileFindings findings)
    {
        var isCut = 8L + ReadUInt32LittleEndian(file[4..]) > file.Length;
        var (end, frames, hasPixels) = (WebpChunks.HeaderLength, 0, false);
        foreach (var chunk in new WebpChunks(file))
        {
            var isFrame = chunk.Is("ANMF"u8);
            var isPixels = isFrame || chunk.Is("VP8 "u8) || chunk.Is("VP8L"u8);
            if (chunk.IsCut)
            {
                if (isPixels && !hasPixels) Throw.ImageDamaged(ImageFormat.Webp, $"it lacks {chunk.Length - chunk.Body.Length} of the {chunk.Length} bytes of its pixels");
                isCut = true;
                break;
            }

            hasPixels |= isPixels;
            if (isFrame) frames++;
            if (chunk.Is("EXIF"u8)) findings.TakeExif(chunk.Body);
            else if (chunk.Is("XMP "u8)) findings.TakeXmp(chunk.Body);
            if (IsMetadata(chunk)) findings.Drop(chunk.Start, chunk.End - chunk.Start);
            end = chunk.End;
        }

        if (!hasPixels) Throw.ImageDamaged(ImageFormat.Webp, "it ends before its pixels");
        findings.EndAt(end, file.Length);
        if (!isCut) return;
        findings.Warn(frames > 0 ? "it ends within its animation" : "it ends after its pixels but before the length that it states");
        findings.MustRewrite = true;
    }

    /// <summary>Corrects the header of a file whose metadata or end were left out.</summary>
    internal static void Mend(Span<byte> file)
    {
        const int exifAndXmp = 0x08 | 0x04, flags = 20;
        WriteUInt32LittleEndian(file[4..], (uint)(file.Length - 8));
        if (file.Length > flags && file[WebpChunks.HeaderLength..].StartsWith("VP8X"u8)) file[flags] &= unchecked((byte)~exifAndXmp);
    }

    private static bool IsMetadata(WebpChunk chunk) => !chunk.Kind.StartsWith("VP8"u8) && !chunk.Is("ALPH"u8) && !chunk.Kind.StartsWith("ANI"u8) && !chunk.Is("ANMF"u8) && !chunk.Is("ICCP"u8);
}
