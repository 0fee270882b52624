using System.Numerics;
using OnnxTransfer.Decoding.Containers;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Reads Windows bitmaps, which the image libraries read only in part or not at all: 1, 4, 8, 16, 24 and 32 bits, palettes, bit masks and
/// run lengths, with the headers BITMAPCOREHEADER to BITMAPV5HEADER.
/// </summary>
internal static class BmpReader
{
    private const int FileHeaderLength = 14;

    internal static void Decode(ReadOnlySpan<byte> file, DecodeOptions options, IRowSink sink)
    {
        var header = ReadHeader(file);
        DecodeChecks.Size(header.Width, header.Height, ImageFormat.Bmp, options);
        if (header.Compression is BmpCompression.Rle8 or BmpCompression.Rle4)
        {
            DecodeRunLengths(file, header, sink);
            return;
        }

        var stride = (((long)header.Width * header.BitsPerPixel) + 31) / 32 * 4;
        // The last row's padding may be missing.
        var rowBytes = (((long)header.Width * header.BitsPerPixel) + 7) / 8;
        var needed = header.PixelOffset + (stride * (header.Height - 1)) + rowBytes;
        var missing = needed - file.Length;
        if (missing > CodecInput.SmallTail * stride * header.Height) Throw.ImageDamaged(ImageFormat.Bmp, $"it needs {needed} bytes and has {file.Length}");
        if (missing > 0) DecodeChecks.Damage($"{missing} bytes are missing at its end", ImageFormat.Bmp, options, sink);

        sink.Begin(header.Width, header.Height, Orientation.Upright);
        // Missing bytes count as zeros.
        var cut = missing > 0 ? new byte[rowBytes] : [];
        using var scratch = new ScratchBytes(3 * header.Width);
        var rgb = scratch.Span;
        for (var y = 0; y < header.Height; y++)
        {
            var stored = header.TopDown ? y : header.Height - 1 - y;
            var place = header.PixelOffset + (stored * stride);
            ReadOnlySpan<byte> row = cut;
            if (place + rowBytes <= file.Length)
            {
                row = file.Slice((int)place, (int)rowBytes);
            }
            else
            {
                Array.Clear(cut);
                if (place < file.Length) file[(int)place..].CopyTo(cut);
            }

            if (header.BitsPerPixel <= 8) ReadIndexed(row, header, file, rgb);
            else if (header.BitsPerPixel == 24) ReadBgr(row, rgb);
            else ReadMasked(row, header, rgb, options.Background);
            sink.Row(y, rgb);
        }
    }

    private static BmpHeader ReadHeader(ReadOnlySpan<byte> file)
    {
        if (file.Length < FileHeaderLength + 12) Throw.ImageDamaged(ImageFormat.Bmp, "its header is cut off");
        var pixelOffset = ReadUInt32LittleEndian(file[10..]);
        var size = ReadUInt32LittleEndian(file[FileHeaderLength..]);
        if (size > 1024 || (size < 40 && size != 12) || file.Length < FileHeaderLength + size)
            Throw.ImageDamaged(ImageFormat.Bmp, $"no version of the format has a header of {size} bytes");
        var info = file.Slice(FileHeaderLength, (int)size);
        var afterHeader = FileHeaderLength + (int)size;
        if (size == 12)
        {
            return Checked(file, new BmpHeader
            {
                Width = ReadUInt16LittleEndian(info[4..]),
                Height = ReadUInt16LittleEndian(info[6..]),
                BitsPerPixel = ReadUInt16LittleEndian(info[10..]),
                PixelOffset = pixelOffset,
                PaletteOffset = afterHeader,
                PaletteEntryLength = 3,
            });
        }

        var height = ReadInt32LittleEndian(info[8..]);
        var bits = ReadUInt16LittleEndian(info[14..]);
        var compression = (BmpCompression)ReadUInt32LittleEndian(info[16..]);
        var header = new BmpHeader
        {
            Width = ReadInt32LittleEndian(info[4..]),
            Height = height == int.MinValue ? 0 : Math.Abs(height),
            TopDown = height < 0,
            BitsPerPixel = bits,
            Compression = compression,
            PixelOffset = pixelOffset,
            PaletteOffset = afterHeader,
            PaletteEntryLength = 4,
            Masks = bits == 16 ? new BmpMasks(0x7C00, 0x03E0, 0x001F, 0) : new BmpMasks(0xFF0000, 0xFF00, 0xFF, 0),
        };
        if (compression is BmpCompression.BitFields or BmpCompression.AlphaBitFields)
        {
            // The masks follow a header of 40 bytes. A longer header contains them, at the same offset in the file.
            var masks = file[(FileHeaderLength + 40)..];
            var hasAlpha = compression == BmpCompression.AlphaBitFields || size >= 56;
            if (masks.Length < 16) Throw.ImageDamaged(ImageFormat.Bmp, "its header is cut off");
            header = header with
            {
                Masks = new BmpMasks(
                    ReadUInt32LittleEndian(masks), ReadUInt32LittleEndian(masks[4..]), ReadUInt32LittleEndian(masks[8..]),
                    hasAlpha ? ReadUInt32LittleEndian(masks[12..]) : 0),
            };
        }

        // Some writers do not count the palette in the offset, which then points at the palette.
        if (bits <= 8 && pixelOffset == afterHeader)
        {
            var entries = ReadUInt32LittleEndian(info[32..]) is > 0 and <= 256 and var count ? (int)count : 1 << bits;
            header = header with { PixelOffset = pixelOffset + (4 * entries) };
        }

        return Checked(file, header);
    }

    private static BmpHeader Checked(ReadOnlySpan<byte> file, BmpHeader header)
    {
        var fits = header.Compression switch
        {
            BmpCompression.None => header.BitsPerPixel is 1 or 4 or 8 or 16 or 24 or 32,
            BmpCompression.Rle8 => header.BitsPerPixel == 8,
            BmpCompression.Rle4 => header.BitsPerPixel == 4,
            BmpCompression.BitFields or BmpCompression.AlphaBitFields => header.BitsPerPixel is 16 or 32,
            _ => false,
        };
        if (!fits) Throw.ImageDamaged(ImageFormat.Bmp, $"{header.BitsPerPixel} bits per pixel with compression {(uint)header.Compression} is not a valid combination");
        if (header.PixelOffset > file.Length) Throw.ImageDamaged(ImageFormat.Bmp, "its header places the pixels after the end of the file");
        return header;
    }

    private static void ReadIndexed(ReadOnlySpan<byte> row, BmpHeader header, ReadOnlySpan<byte> file, Span<byte> rgb)
    {
        var bits = header.BitsPerPixel;
        var perByte = 8 / bits;
        var mask = (1 << bits) - 1;
        for (var x = 0; x < header.Width; x++)
        {
            var shift = 8 - bits - (x % perByte * bits);
            Color(file, header, (row[x / perByte] >> shift) & mask, rgb[(3 * x)..]);
        }
    }

    /// <summary>Writes a palette color. A palette may have fewer entries than the indexes allow; the missing entries are black.</summary>
    private static void Color(ReadOnlySpan<byte> file, BmpHeader header, int index, Span<byte> rgb)
    {
        var at = header.PaletteOffset + (index * header.PaletteEntryLength);
        var known = at + 3 <= Math.Min(file.Length, header.PixelOffset);
        rgb[0] = known ? file[at + 2] : (byte)0;
        rgb[1] = known ? file[at + 1] : (byte)0;
        rgb[2] = known ? file[at] : (byte)0;
    }

    private static void ReadBgr(ReadOnlySpan<byte> row, Span<byte> rgb)
    {
        for (var i = 0; i < rgb.Length; i += 3)
        {
            rgb[i] = row[i + 2];
            rgb[i + 1] = row[i + 1];
            rgb[i + 2] = row[i];
        }
    }

    private static void ReadMasked(ReadOnlySpan<byte> row, BmpHeader header, Span<byte> rgb, Rgb background)
    {
        var masks = header.Masks;
        Span<byte> rgba = stackalloc byte[4];
        for (var x = 0; x < header.Width; x++)
        {
            var value = header.BitsPerPixel == 16 ? ReadUInt16LittleEndian(row[(2 * x)..]) : ReadUInt32LittleEndian(row[(4 * x)..]);
            rgba[0] = Scale(value, masks.R);
            rgba[1] = Scale(value, masks.G);
            rgba[2] = Scale(value, masks.B);
            rgba[3] = masks.A == 0 ? (byte)255 : Scale(value, masks.A);
            RowConverter.Over(rgba, background, rgb.Slice(3 * x, 3));
        }
    }

    private static byte Scale(uint value, uint mask)
    {
        if (mask == 0) return 0;
        var shift = BitOperations.TrailingZeroCount(mask);
        return (byte)((ulong)((value & mask) >> shift) * 255 / (mask >> shift));
    }

    private static void DecodeRunLengths(ReadOnlySpan<byte> file, BmpHeader header, IRowSink sink)
    {
        using var indexes = new ScratchBytes(header.Width * header.Height);
        using var scratch = new ScratchBytes(3 * header.Width);
        var cells = indexes.Span;
        var rgb = scratch.Span;
        cells.Clear();
        BmpRunLengths.Expand(file[(int)header.PixelOffset..], header.Width, header.Height, header.BitsPerPixel, cells);
        sink.Begin(header.Width, header.Height, Orientation.Upright);
        for (var y = 0; y < header.Height; y++)
        {
            var stored = header.TopDown ? y : header.Height - 1 - y;
            for (var x = 0; x < header.Width; x++)
                Color(file, header, cells[(stored * header.Width) + x], rgb[(3 * x)..]);
            sink.Row(y, rgb);
        }
    }

    private readonly record struct BmpMasks(uint R, uint G, uint B, uint A);

    private enum BmpCompression : uint
    {
        None = 0,
        Rle8 = 1,
        Rle4 = 2,
        BitFields = 3,
        AlphaBitFields = 6,
    }

    private readonly record struct BmpHeader
    {
        internal int Width { get; init; }
        internal int Height { get; init; }
        internal bool TopDown { get; init; }
        internal int BitsPerPixel { get; init; }
        internal BmpCompression Compression { get; init; }
        internal long PixelOffset { get; init; }
        internal int PaletteOffset { get; init; }
        internal int PaletteEntryLength { get; init; }
        internal BmpMasks Masks { get; init; }
    }
}
