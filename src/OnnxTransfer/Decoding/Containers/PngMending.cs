using System.Buffers;
using System.IO.Compression;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// Rewrites a damaged PNG file with all pixels that can be recovered, so that every codec gives the same result. Files with valid checksums
/// do not need this.
/// </summary>
internal static class PngMending
{
    /// <summary>
    /// The most bytes of pixels in a file to repair. A larger file is refused, because the memory estimate of every PNG file includes the
    /// repair.
    /// </summary>
    internal const int MostBytes = 32 << 20;

    /// <summary>PNG's filter 2 (Up): with zeros it repeats the row above.</summary>
    private const byte Up = 2;

    /// <summary>
    /// Writes a valid file with the same header, palette and pixels. The last row that could be read replaces the missing rows.
    /// </summary>
    /// <param name="file">A file with a valid header.</param>
    /// <param name="memory">At least <see cref="Room"/> bytes.</param>
    /// <param name="missing">The share of the pixel bytes that are missing at the end, 0 to 1.</param>
    /// <returns>The part of the memory that was written.</returns>
    internal static ReadOnlySpan<byte> Rewrite(ReadOnlySpan<byte> file, ScratchBytes memory, out double missing)
    {
        using var deflated = new MemoryStream(file.Length);
        using var written = new ScratchWriter(memory);
        written.Write(file[..PngFile.SignatureLength]);
        foreach (var chunk in Chunks(file))
        {
            var kind = file.Slice(chunk.Start.Value - 4, 4);
            var body = file[chunk];
            if (kind.SequenceEqual("IDAT"u8)) deflated.Write(body);
            else if (PngFile.MakesPixels(kind) || kind.SequenceEqual("iCCP"u8)) Write(written, kind, body);
        }

        deflated.Position = 0;
        var start = (int)written.Length;
        written.Write([0, 0, 0, 0, .. "IDAT"u8]);
        missing = CopyRows(deflated, written, Header(file));
        var pixels = written.Written[start..];
        WriteInt32BigEndian(pixels, pixels.Length - 8);
        WriteSum(written, PngSum.Of(pixels[4..]));
        Write(written, "IEND"u8, default);
        return written.Written;
    }

    /// <summary>The most bytes that a rewritten file can have: its other chunks, and the rows in blocks of a few thousand bytes.</summary>
    /// <exception cref="ImageDecodeException">The image is too large.</exception>
    internal static int Room(ReadOnlySpan<byte> file)
    {
        var length = Length(Header(file));
        if (length > MostBytes) Throw.ImageDamaged(ImageFormat.Png, "a checksum is wrong or the end is missing, and it is too large to repair");
        return checked((int)(length + (length >> 8) + 1024 + file.Length));
    }

    private static ReadOnlySpan<byte> Header(ReadOnlySpan<byte> file) => file[(PngFile.SignatureLength + 8)..];

    /// <summary>The contents of the chunks, up to the first one that cannot be found.</summary>
    private static List<Range> Chunks(ReadOnlySpan<byte> file)
    {
        var chunks = new List<Range>();
        for (var at = PngFile.SignatureLength; file.Length - at >= 8 && PngFile.IsKind(file.Slice(at + 4, 4));)
        {
            var kind = file.Slice(at + 4, 4);
            var claimed = ReadUInt32BigEndian(file[at..]);
            var isCut = claimed > file.Length - at - PngFile.FrameLength;
            // If the chunk with the pixels is cut off, its beginning still counts.
            if (isCut && !kind.SequenceEqual("IDAT"u8)) break;
            var length = (int)Math.Min(claimed, file.Length - at - 8);
            // A profile with a wrong checksum is ignored.
            if (!kind.SequenceEqual("iCCP"u8) || (length <= 4 << 20 && PngFile.HasItsSum(file, at, length))) chunks.Add((at + 8)..(at + 8 + length));
            if (isCut || kind.SequenceEqual("IEND"u8)) break;
            at += length + PngFile.FrameLength;
        }

        return chunks;
    }

    private static void Write(ScratchWriter written, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4];
        WriteInt32BigEndian(number, body.Length);
        written.Write(number);
        written.Write(kind);
        written.Write(body);
        WriteSum(written, PngSum.Of(kind, body));
    }

    private static void WriteSum(ScratchWriter written, uint sum)
    {
        Span<byte> number = stackalloc byte[4];
        WriteUInt32BigEndian(number, sum);
        written.Write(number);
    }

    /// <summary>The number of bytes of all rows, each with its filter.</summary>
    private static long Length(ReadOnlySpan<byte> header)
    {
        long length = 0;
        foreach (var (rows, columns) in Passes(header)) length += rows * RowLength(header, columns);
        return length;
    }

    private static long RowLength(ReadOnlySpan<byte> header, int columns) =>
        1 + ((((long)columns * header[8] * (header[9] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 })) + 7) / 8);

    /// <summary>Rows and columns of the image, or of its seven smaller images if it is interlaced.</summary>
    private static IEnumerable<(int Rows, int Columns)> Passes(ReadOnlySpan<byte> header)
    {
        var (width, height) = (ReadInt32BigEndian(header), ReadInt32BigEndian(header[4..]));
        return (header[12] != 0 ? Passes(width, height) : [(height, width)]).Where(pass => pass.Columns > 0);
    }

    /// <summary>Decompresses the rows, each with its filter, up to the first damage, and compresses them again.</summary>
    /// <returns>The share that is missing.</returns>
    private static double CopyRows(Stream deflated, Stream pixels, ReadOnlySpan<byte> header)
    {
        using var inflater = new ZLibStream(deflated, CompressionMode.Decompress);
        using var deflater = new ZLibStream(pixels, CompressionLevel.NoCompression, leaveOpen: true);
        long copied = 0, all = 0;
        var isSound = true;
        foreach (var (rows, columns) in Passes(header))
        {
            var length = (int)RowLength(header, columns);
            var row = ArrayPool<byte>.Shared.Rent(length);
            for (var y = 0; y < rows; y++)
            {
                all += length;
                var got = isSound ? ReadRow(inflater, row.AsSpan(0, length)) : 0;
                isSound = got == length && row[0] <= 4;
                if (isSound)
                {
                    copied += length;
                }
                else
                {
                    row.AsSpan(0, length).Clear();
                    row[0] = Up;
                }

                deflater.Write(row, 0, length);
            }

            ArrayPool<byte>.Shared.Return(row);
        }

        return all == 0 ? 1 : (all - copied) / (double)all;
    }

    /// <summary>The number of bytes of a row that could be read.</summary>
    private static int ReadRow(ZLibStream inflater, Span<byte> row)
    {
        var filled = 0;
        try
        {
            int read;
            while (filled < row.Length && (read = inflater.Read(row[filled..])) > 0) filled += read;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            // The compressed data are damaged from here on.
        }

        return filled;
    }

    /// <summary>The seven smaller images of Adam7 (PNG, 8.1): rows and columns.</summary>
    private static IEnumerable<(int Rows, int Columns)> Passes(int width, int height)
    {
        foreach (var (x, y, right, down) in new[] { (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2) })
            yield return (Math.Max(0, (height - y + down - 1) / down), Math.Max(0, (width - x + right - 1) / right));
    }
}
