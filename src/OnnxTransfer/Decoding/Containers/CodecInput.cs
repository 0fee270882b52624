using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// The bytes that a codec gets of a file, and what the container says of them. A file with much that no pixel depends on, and one whose
/// end is missing, is copied without the one and with the other into memory of its own, which goes back on <see cref="Dispose"/>.
/// </summary>
internal readonly ref struct CodecInput : IDisposable
{
    /// <summary>The greatest share of a picture that may be missing at its end for it to be used, with a warning.</summary>
    internal const double SmallTail = 1 / 32.0;

    /// <summary>Codecs read less than this without noticeable time; a copy would cost more.</summary>
    private const int FewBytes = 64 << 10;

    private readonly ScratchBytes? _copy;

    private CodecInput(ReadOnlySpan<byte> bytes, ScratchBytes? copy, FileFindings findings)
    {
        Bytes = bytes;
        _copy = copy;
        Findings = findings;
    }

    /// <summary>What the codec reads; valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>What makes the image upright; of AVIF and HEIC the codec does that itself.</summary>
    internal Orientation Orientation => Findings.Orientation;

    /// <summary>What is damaged; null for nothing.</summary>
    internal string? Damage => Findings.Damage;

    /// <summary>Whether the end marker was left out: the codec runs out of bytes where the codes are damaged.</summary>
    internal bool IsOpen { get; private init; }

    private FileFindings Findings { get; }

    /// <summary>The same bytes with the end marker, for a second decode that shall reach the last row; what was open is not any more.</summary>
    internal ReadOnlySpan<byte> Close()
    {
        var closed = _copy!.Span[..(Bytes.Length - Findings.Closing.Length + JpegFile.End.Length)];
        JpegFile.End.CopyTo(closed[^JpegFile.End.Length..]);
        return closed;
    }

    /// <summary>Reads the container.</summary>
    /// <param name="file">A file whose first bytes are those of the format.</param>
    /// <param name="format">Its format.</param>
    /// <param name="options">The limits.</param>
    /// <param name="codes">Whether JPEG's codes are to be checked.</param>
    /// <exception cref="ImageDecodeException">The file lacks more than a small tail of its pixels.</exception>
    internal static CodecInput Of(ReadOnlySpan<byte> file, ImageFormat format, DecodeOptions options, JpegCheck codes)
    {
        var findings = new FileFindings();
        var isOpen = false;
        switch (format)
        {
            case ImageFormat.Jpeg:
                var shape = JpegFile.Read(file, findings);
                // Where the codec can be made to notice, following the codes would cost a sixth of the decode.
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

    /// <summary>Judges the codes of a JPEG file that a codec called damaged.</summary>
    /// <returns>What is damaged; null for nothing that changes pixels.</returns>
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
        else if (!isWhole) findings.Warn("its end mark is missing");
    }

    /// <summary>A damaged PNG file, written anew because codecs refuse it as it is.</summary>
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

    /// <summary>Copies what pixels depend on.</summary>
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

/// <summary>Whether JPEG's codes are to be followed.</summary>
internal enum JpegCheck
{
    /// <summary>Always, because the codec does not say when they are damaged.</summary>
    Always,

    /// <summary>Only of a file without its end marker or with a hole: the codec says the rest.</summary>
    OfEnds,
}
