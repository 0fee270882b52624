using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// The bytes that a codec receives, and the findings from the file's container. A file with many bytes that no pixel depends on is copied
/// without them. A file without its end is copied with an end. The copy is freed by <see cref="Dispose"/>.
/// </summary>
internal readonly ref struct CodecInput : IDisposable
{
    /// <summary>
    /// The greatest share of a picture that may be missing at its end. With more missing, the image is refused; with less, it is used with
    /// a warning.
    /// </summary>
    internal const double SmallTail = 1 / 32.0;

    /// <summary>A codec reads metadata of this size in negligible time; a copy of the file would cost more.</summary>
    private const int FewBytes = 64 << 10;

    private readonly ScratchBytes? _copy;

    private CodecInput(ReadOnlySpan<byte> bytes, ScratchBytes? copy, FileFindings findings)
    {
        Bytes = bytes;
        _copy = copy;
        Findings = findings;
    }

    /// <summary>The bytes that the codec reads, valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>
    /// The orientation of the stored image. It is upright for AVIF and HEIC, whose codecs apply the orientation themselves.
    /// </summary>
    internal Orientation Orientation => Findings.Orientation;

    /// <summary>What is damaged; null if nothing is.</summary>
    internal string? Damage => Findings.Damage;

    /// <summary>Whether the end marker was left out, so that the codec runs out of bytes where the codes are damaged.</summary>
    internal bool IsOpen { get; private init; }

    private FileFindings Findings { get; }

    /// <summary>
    /// The same bytes with the end marker, for a second decode that must reach the last row. It reuses the memory of <see cref="Bytes"/>.
    /// </summary>
    internal ReadOnlySpan<byte> Close()
    {
        var closed = _copy!.Span[..(Bytes.Length - Findings.Closing.Length + JpegFile.End.Length)];
        JpegFile.End.CopyTo(closed[^JpegFile.End.Length..]);
        return closed;
    }

    /// <summary>Reads the container.</summary>
    /// <param name="file">A file with the signature of the format.</param>
    /// <param name="format">Its format.</param>
    /// <param name="options">The limits.</param>
    /// <param name="codes">When to check the Huffman codes of a JPEG.</param>
    /// <exception cref="ImageDecodeException">The file lacks more than a small tail of its pixels.</exception>
    internal static CodecInput Of(ReadOnlySpan<byte> file, ImageFormat format, DecodeOptions options, JpegCheck codes)
    {
        var findings = new FileFindings();
        var isOpen = false;
        switch (format)
        {
            case ImageFormat.Jpeg:
                var shape = JpegFile.Read(file, findings);
                // If the codec itself can notice the damage, do not follow the codes: that would cost a sixth of the decode.
                isOpen = codes == JpegCheck.Always && shape is { IsPlain: true, HasHole: false };
                if (isOpen) JpegFile.Open(findings, file.Length);
                else if (codes == JpegCheck.Always || shape is { HasEnd: false } or { HasHole: true }) CheckJpeg(file, shape.HasEnd, findings);
                findings.MustRewrite = isOpen || !shape.HasEnd;
                break;
            case ImageFormat.Png:
                if (!PngFile.Read(file, findings)) return Mended(file, options, findings);
                break;
            case ImageFormat.Webp:
                WebpFile.Read(file, findings);
                break;
            case ImageFormat.Gif:
                GifFile.Read(file, findings);
                break;
            case ImageFormat.Tiff:
                TiffFile.Read(file, findings);
                break;
        }

        if (findings.DroppedBytes < FewBytes && !findings.MustRewrite) return new CodecInput(file, null, findings);
        var copy = new ScratchBytes(file.Length + findings.Closing.Length);
        var bytes = copy.Span[..Copy(file, findings, copy.Span)];
        if (format == ImageFormat.Webp) WebpFile.Mend(bytes);
        return new CodecInput(bytes, copy, findings) { IsOpen = isOpen };
    }

    /// <summary>Checks the Huffman codes of a JPEG file that a codec called damaged.</summary>
    /// <returns>What is damaged; null if the damage changes no pixels.</returns>
    /// <exception cref="ImageDecodeException">The file lacks more than a small tail of its pixels.</exception>
    internal static string? JudgeJpeg(ReadOnlySpan<byte> file)
    {
        var findings = new FileFindings();
        CheckJpeg(file, isWhole: true, findings);
        return findings.Damage;
    }

    public void Dispose() => _copy?.Dispose();

    private static void CheckJpeg(ReadOnlySpan<byte> file, bool isWhole, FileFindings findings)
    {
        var verdict = JpegCodes.Check(file);
        if (verdict.Missing > SmallTail) Throw.ImageDamaged(ImageFormat.Jpeg, Words.Missing(verdict.Missing));
        if (!isWhole && !verdict.HasAllScans) Throw.ImageDamaged(ImageFormat.Jpeg, "it ends before the last of its scans");
        if (verdict.Missing > 0) findings.Warn(isWhole ? $"parts of the picture are wrong, and {Words.Missing(verdict.Missing)}" : Words.Missing(verdict.Missing));
        else if (verdict.IsDamaged) findings.Warn("parts of the picture are wrong");
        else if (!isWhole) findings.Warn("its end marker is missing");
    }

    /// <summary>Rewrites a damaged PNG file, because codecs refuse it as it is.</summary>
    private static CodecInput Mended(ReadOnlySpan<byte> file, DecodeOptions options, FileFindings findings)
    {
        var header = file[(PngFile.SignatureLength + 8)..];
        DecodeChecks.Size(ReadInt32BigEndian(header), ReadInt32BigEndian(header[4..]), ImageFormat.Png, options);
        var memory = new ScratchBytes(PngMending.Room(file));
        try
        {
            var bytes = PngMending.Rewrite(file, memory, out var missing);
            if (missing > SmallTail) Throw.ImageDamaged(ImageFormat.Png, Words.Missing(missing));
            findings.Warn(missing > 0 ? Words.Missing(missing) : "a checksum is wrong or the end is missing, so parts of the picture may be wrong");
            return new CodecInput(bytes, memory, findings);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Copies the bytes that pixels depend on.</summary>
    /// <returns>The number of bytes.</returns>
    private static int Copy(ReadOnlySpan<byte> file, FileFindings findings, Span<byte> target)
    {
        var (end, at, length) = (findings.EndIn(file.Length), 0, 0);
        foreach (var piece in findings.Dropped)
        {
            var (start, count) = piece.GetOffsetAndLength(file.Length);
            if (start >= end) break;
            file[at..start].CopyTo(target[length..]);
            length += start - at;
            at = start + count;
        }

        if (end > at)
        {
            file[at..end].CopyTo(target[length..]);
            length += end - at;
        }

        findings.Closing.Span.CopyTo(target[length..]);
        return length + findings.Closing.Length;
    }

    private static class Words
    {
        internal static string Missing(double share) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the last {Math.Max(0.1, 100 * share):0.#} % of its pixels are missing");
    }
}

/// <summary>When to follow the Huffman codes of a JPEG file.</summary>
internal enum JpegCheck
{
    /// <summary>Always, because the codec does not report damaged codes.</summary>
    Always,

    /// <summary>Only of a file without its end marker or with a hole: the codec says the rest.</summary>
    OfEnds,
}
