using OnnxTransfer.Decoding.Containers;

using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// The facts in a file's header that decide how much memory and time its decode takes. Reading them allocates nothing, and takes time at
/// most in proportion to the length of the file. The numbers are unchecked; 0 pixels means that no size was found.
/// </summary>
internal readonly record struct ImageHeader
{
    /// <summary>The largest number of frames or scans that is counted.</summary>
    private const int MostCounted = 1_000_000;

    /// <summary>The largest number of pictures of a TIFF file that is counted; they may be anywhere in the file.</summary>
    private const int MostPictures = 100_000;

    internal ImageFormat Format { get; init; }

    /// <summary>Width times height of the largest picture that a decoder may produce.</summary>
    internal long Pixels => (long)Int128.Min(Width * (Int128)Height, long.MaxValue);

    internal long Width { get; init; }

    internal long Height { get; init; }

    /// <summary>The number of stored channels.</summary>
    internal int Channels { get; init; }

    /// <summary>Bits per stored channel.</summary>
    internal int Bits { get; init; }

    /// <summary>Frames or pages; 1 if the header of the format does not state it.</summary>
    internal int Frames { get; init; }

    /// <summary>The number of scans of a JPEG; 1 for other formats.</summary>
    internal int Scans { get; init; }

    /// <summary>Whether the codec holds all pixels before it gives the first one: progressive JPEG, interlaced PNG, run lengths.</summary>
    internal bool IsBuffered { get; init; }

    /// <summary>Whether the file has metadata that may rotate or mirror the image, so that all pixels must be collected.</summary>
    internal bool MayBeTurned { get; init; }

    /// <summary>Pixels of a strip or tile of a TIFF, which is decoded in one piece.</summary>
    internal long BlockPixels { get; init; }

    /// <summary>The most bytes of the decompressed ICC profile.</summary>
    internal long ProfileBytes { get; init; }

    /// <summary>Reads the header of a file of a known format.</summary>
    internal static ImageHeader Read(ReadOnlySpan<byte> file, ImageFormat format)
    {
        var header = format switch
        {
            ImageFormat.Jpeg => Jpeg(file),
            ImageFormat.Png => Png(file),
            ImageFormat.Gif => Gif(file),
            ImageFormat.Webp => Webp(file),
            ImageFormat.Bmp => Bmp(file),
            ImageFormat.Ico => Icon(file),
            ImageFormat.Tiff => Tiff(file),
            ImageFormat.Avif or ImageFormat.Heic => Heif(file),
            _ => default,
        };
        return header with { Format = format, Frames = Math.Max(1, header.Frames), Scans = Math.Max(1, header.Scans) };
    }

    private static ImageHeader Jpeg(ReadOnlySpan<byte> file)
    {
        var header = default(ImageHeader);
        foreach (var segment in new JpegSegments(file))
        {
            var body = segment.Body;
            if (segment.IsFrame && body.Length >= 6)
            {
                // The later of two frame headers counts, if a decoder looks at it at all: take the larger.
                if ((long)ReadUInt16BigEndian(body[1..]) * ReadUInt16BigEndian(body[3..]) < header.Pixels) continue;
                header = header with
                {
                    Bits = body[0],
                    Height = ReadUInt16BigEndian(body[1..]),
                    Width = ReadUInt16BigEndian(body[3..]),
                    Channels = body[5],
                    IsBuffered = header.IsBuffered || segment.Marker is 0xC2 or 0xC6 or 0xCA or 0xCE,
                };
            }
            else if (segment.Marker == 0xE1 && (body.StartsWith("Exif"u8) || body.StartsWith("http"u8)))
            {
                header = header with { MayBeTurned = true };
            }
            else if (segment.IsProfile)
            {
                header = header with { ProfileBytes = header.ProfileBytes + body.Length };
            }
            else if (segment.Marker == JpegSegment.StartOfScan)
            {
                // Channels in scans of their own are held back like progressive ones.
                header = header with { Scans = header.Scans + 1, IsBuffered = header.IsBuffered || (body.Length > 0 && body[0] < header.Channels) };
                if (!header.IsBuffered || header.Scans >= MostCounted) break;
            }
        }

        return header;
    }

    private static ImageHeader Png(ReadOnlySpan<byte> file)
    {
        if (file.Length < 29) return default;
        return new ImageHeader
        {
            Width = ReadUInt32BigEndian(file[16..]),
            Height = ReadUInt32BigEndian(file[20..]),
            Bits = file[24],
            Channels = PngChunks.Channels(file),
            IsBuffered = file[28] != 0,
            MayBeTurned = PngChunks.HasMetadata(file),
            ProfileBytes = PngChunks.MostProfileBytes(file),
        };
    }

    private static ImageHeader Gif(ReadOnlySpan<byte> file)
    {
        if (file.Length < 13) return default;
        long width = ReadUInt16LittleEndian(file[6..]), height = ReadUInt16LittleEndian(file[8..]);
        var frames = 0;
        var at = 13 + Palette(file[10]);
        while (at < file.Length && frames < MostCounted)
        {
            if (file[at] == 0x2C)
            {
                if (at + 10 > file.Length) break;
                // Decoders enlarge the canvas if the first frame does not fit.
                if (frames++ == 0)
                {
                    width = Math.Max(width, ReadUInt16LittleEndian(file[(at + 1)..]) + ReadUInt16LittleEndian(file[(at + 5)..]));
                    height = Math.Max(height, ReadUInt16LittleEndian(file[(at + 3)..]) + ReadUInt16LittleEndian(file[(at + 7)..]));
                }

                at += 11 + Palette(file[at + 9]);
            }
            else if (file[at] == 0x21)
            {
                at += 2;
            }
            else
            {
                break;
            }

            while (at < file.Length && file[at] != 0) at += file[at] + 1;
            at++;
        }

        return new ImageHeader { Width = width, Height = height, Channels = 4, Bits = 8, Frames = frames };

        static int Palette(byte flags) => (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
    }

    private static ImageHeader Webp(ReadOnlySpan<byte> file)
    {
        var header = new ImageHeader { Channels = 4, Bits = 8 };
        foreach (var chunk in new WebpChunks(file))
        {
            var body = chunk.Body;
            if (chunk.Is("VP8X"u8) && body.Length >= 10)
            {
                header = header with
                {
                    Width = 1 + (ReadUInt32LittleEndian(body[3..]) >> 8),
                    Height = 1 + (body[7] | ((long)body[8] << 8) | ((long)body[9] << 16)),
                };
            }
            else if (chunk.Is("VP8L"u8) && body.Length >= 5 && header.Pixels == 0)
            {
                var bits = ReadUInt32LittleEndian(body[1..]);
                header = header with { Width = 1 + (bits & 0x3FFF), Height = 1 + ((bits >> 14) & 0x3FFF) };
            }
            else if (chunk.Is("VP8 "u8) && body.Length >= 10 && header.Pixels == 0)
            {
                header = header with { Width = ReadUInt16LittleEndian(body[6..]) & 0x3FFF, Height = ReadUInt16LittleEndian(body[8..]) & 0x3FFF };
            }
            else if (chunk.Is("ANMF"u8) && header.Frames < MostCounted)
            {
                header = header with { Frames = header.Frames + 1 };
            }
            else if (chunk.Is("EXIF"u8) || chunk.Is("XMP "u8))
            {
                header = header with { MayBeTurned = true };
            }
            else if (chunk.Is("ICCP"u8))
            {
                header = header with { ProfileBytes = body.Length };
            }
        }

        return header;
    }

    private static ImageHeader Bmp(ReadOnlySpan<byte> file)
    {
        if (file.Length < 26) return default;
        var isCore = ReadUInt32LittleEndian(file[14..]) == 12;
        return new ImageHeader
        {
            Width = isCore ? ReadUInt16LittleEndian(file[18..]) : Math.Max(0, ReadInt32LittleEndian(file[18..])),
            Height = isCore ? ReadUInt16LittleEndian(file[20..]) : Math.Abs((long)ReadInt32LittleEndian(file[22..])),
            Channels = 1,
            Bits = 8,
            IsBuffered = !isCore && file.Length >= 34 && ReadUInt32LittleEndian(file[30..]) is 1 or 2,
        };
    }

    /// <summary>The largest of the pictures. Each is a bitmap without its file header, or a PNG file.</summary>
    private static ImageHeader Icon(ReadOnlySpan<byte> file)
    {
        const int directoryLength = 6, entryLength = 16;
        var header = new ImageHeader { Channels = 4, Bits = 8 };
        if (file.Length < directoryLength) return header;
        for (var (at, left) = (directoryLength, (int)ReadUInt16LittleEndian(file[4..])); left > 0 && at + entryLength <= file.Length; at += entryLength, left--)
        {
            var place = ReadUInt32LittleEndian(file[(at + 12)..]);
            if (place > file.Length - 24) continue;
            var picture = file[(int)place..];
            var isPng = picture[1..].StartsWith("PNG"u8);
            var width = isPng ? (long)ReadUInt32BigEndian(picture[16..]) : Math.Max(0, ReadInt32LittleEndian(picture[4..]));
            // A bitmap has twice the rows, because its mask follows it.
            var height = isPng ? ReadUInt32BigEndian(picture[20..]) : Math.Abs((long)ReadInt32LittleEndian(picture[8..])) / 2;
            if (width * (Int128)height > header.Pixels) header = header with { Width = width, Height = height };
        }

        return header;
    }

    private static ImageHeader Tiff(ReadOnlySpan<byte> file)
    {
        const int widthTag = 256, heightTag = 257, bitsTag = 258, channelsTag = 277, stripRowsTag = 278, tileWidthTag = 322, tileHeightTag = 323, profileTag = 34675;
        var tags = new TiffDirectory(file);
        var (width, height) = (tags.Number(widthTag) ?? 0, tags.Number(heightTag) ?? 0);
        var rows = tags.Number(stripRowsTag) is > 0 and var some ? Math.Min(some, height) : height;
        var (tileWidth, tileHeight) = (tags.Number(tileWidthTag) ?? width, tags.Number(tileHeightTag) ?? rows);
        return new ImageHeader
        {
            Width = width,
            Height = height,
            Channels = (int)Math.Clamp(tags.Number(channelsTag) ?? 1, 1, ushort.MaxValue),
            Bits = (int)Math.Clamp(tags.Number(bitsTag) ?? 8, 1, 64),
            Frames = tags.Pictures(MostPictures),
            MayBeTurned = TiffFile.MayBeTurned(tags),
            BlockPixels = Math.Min(tileWidth, int.MaxValue) * Math.Min(tileHeight, int.MaxValue),
            ProfileBytes = Math.Min(tags.Count(profileTag), file.Length),
        };
    }

    /// <summary>The largest of the pictures and tiles; each has a box that states its size (ISO/IEC 23008-12, 6.5.3).</summary>
    private static ImageHeader Heif(ReadOnlySpan<byte> file)
    {
        var header = new ImageHeader { Channels = 4, Bits = 16 };
        var meta = file.IndexOf("meta"u8);
        if (meta < 4) return header;
        var rest = file[meta..(int)Math.Min(file.Length, Math.Max(meta, meta - 4 + (long)ReadUInt32BigEndian(file[(meta - 4)..])))];
        for (int at; (at = rest.IndexOf("ispe"u8)) >= 0 && rest.Length >= at + 16; rest = rest[(at + 16)..])
        {
            long width = ReadUInt32BigEndian(rest[(at + 8)..]), height = ReadUInt32BigEndian(rest[(at + 12)..]);
            if (width * (Int128)height > header.Pixels) header = header with { Width = width, Height = height };
        }

        return header;
    }
}
