using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>Files whose orientation is in one of the places where it can be, and files with much metadata.</summary>
internal static class CarrierFile
{
    private static readonly string[] s_names = ["jpeg", "png", "webp", "gif"];

    /// <summary>A file without any metadata that shows the four colors.</summary>
    public static byte[] Plain(string format) => format switch
    {
        "jpeg" => Sample.Bytes("rgb.jpg"),
        "png" => Sample.Bytes("rgb.png"),
        "webp" => Sample.Bytes("lossless.webp"),
        "gif" => Sample.Bytes("palette.gif"),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, string.Join(", ", s_names)),
    };

    public static byte[] Of(string carrier, int orientation, bool isLittleEndian)
    {
        var exif = Exif(orientation, isLittleEndian);
        var (other, isAttribute) = (Exif(orientation % 8 + 1, isLittleEndian), isLittleEndian);
        var xmp = Xmp(orientation, isAttribute);
        byte[] prefixed = [.. "Exif\0\0"u8, .. exif];
        var (jpeg, png, webp) = (Plain("jpeg"), Plain("png"), Plain("webp"));
        return carrier switch
        {
            "jpeg exif" => WithJpegSegments(jpeg, [(0xE1, prefixed)]),
            "jpeg xmp" => WithJpegSegments(jpeg, [(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. xmp])]),
            "jpeg exif over xmp" => WithJpegSegments(jpeg, [(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. Xmp((orientation % 8) + 1, isAttribute)]), (0xE1, prefixed)]),
            "webp exif" => WithWebpChunks(webp, [("EXIF", exif)]),
            "webp exif with prefix" => WithWebpChunks(webp, [("EXIF", prefixed)]),
            "webp xmp" => WithWebpChunks(webp, [("XMP ", xmp)]),
            "png eXIf" => WithPngChunks(png, [("eXIf", exif)]),
            "png eXIf behind the pixels" => [.. png[..^12], .. PngChunk("eXIf", exif), .. png[^12..]],
            "png raw profile exif tEXt" => WithPngChunks(png, [("tEXt", RawProfile("exif", prefixed, false))]),
            "png raw profile exif zTXt" => WithPngChunks(png, [("zTXt", RawProfile("exif", prefixed, true))]),
            "png raw profile APP1" => WithPngChunks(png, [("zTXt", RawProfile("APP1", prefixed, true))]),
            "png raw profile APP1 of xmp" => WithPngChunks(png, [("tEXt", RawProfile("APP1", [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. xmp], false))]),
            "png iTXt xmp" => WithPngChunks(png, [("iTXt", XmpText(orientation, isAttribute))]),
            "png iTXt xmp deflated" => WithPngChunks(png, [("iTXt", [.. "XML:com.adobe.xmp\0"u8, 1, 0, 0, 0, .. Deflated(xmp)])]),
            "png eXIf over the others" => WithPngChunks(png, [("iTXt", XmpText((orientation % 8) + 1, isAttribute)), ("eXIf", exif), ("tEXt", RawProfile("exif", other, false))]),
            _ => throw new ArgumentOutOfRangeException(nameof(carrier), carrier, null),
        };
    }

    public static byte[] WithMuch(string kind, int bytes)
    {
        var filler = new byte[bytes];
        new Random(1).NextBytes(filler);
        for (var i = 0; i < filler.Length; i++) filler[i] = (byte)('a' + (filler[i] % 26));
        return kind switch
        {
            "jpeg exif" => WithJpegSegments(Plain("jpeg"), [.. filler.Chunk(60_000).Select(part => ((byte)0xE1, (byte[])[.. "Exif\0\0II*\0"u8, .. part]))]),
            "jpeg comments" => WithJpegSegments(Plain("jpeg"), [.. filler.Chunk(60_000).Select(part => ((byte)0xFE, part))]),
            "jpeg trailer" => [.. Plain("jpeg"), .. filler],
            "png eXIf" => WithPngChunks(Plain("png"), [("eXIf", [.. "II*\0"u8, .. filler])]),
            "png tEXt" => WithPngChunks(Plain("png"), [("tEXt", [.. "Comment\0"u8, .. filler])]),
            "png iTXt xmp" => WithPngChunks(Plain("png"), [("iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. filler])]),
            "png many tEXt" => WithPngChunks(Plain("png"), [.. filler.Chunk(200).Select(part => ("tEXt", (byte[])[.. "Comment\0"u8, .. part]))]),
            "webp exif" => WithWebpChunks(Plain("webp"), [("EXIF", [.. "II*\0"u8, .. filler])]),
            "webp xmp" => WithWebpChunks(Plain("webp"), [("XMP ", filler)]),
            "gif comments" => WithGifExtension(Plain("gif"), 0xFE, [], filler),
            "gif application" => WithGifExtension(Plain("gif"), 0xFF, [.. "XMP DataXMP"u8], filler),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    /// <summary>EXIF data with a tag before the orientation and one behind it.</summary>
    public static byte[] Exif(int orientation, bool isLittleEndian)
    {
        List<byte> bytes = [.. isLittleEndian ? "II"u8 : "MM"u8, .. Short(42), .. Long(8), .. Short(3)];
        foreach (var (tag, value) in new[] { (0x0100, 1), (0x0112, orientation), (0x0128, 2) }) bytes.AddRange([.. Short(tag), .. Short(3), .. Long(1), .. Short(value), 0, 0]);
        return [.. bytes, .. Long(0)];

        byte[] Short(int value) => isLittleEndian ? [(byte)value, (byte)(value >> 8)] : [(byte)(value >> 8), (byte)value];
        byte[] Long(int value) => isLittleEndian ? [.. Short(value), .. Short(value >> 16)] : [.. Short(value >> 16), .. Short(value)];
    }

    public static byte[] Xmp(int orientation, bool isAttribute) => Encoding.UTF8.GetBytes(
        $"""
        <?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        {(isAttribute
            ? $"<rdf:Description rdf:about='' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' exif:Orientation='9' tiff:Orientation='{orientation}'/>"
            : $"<rdf:Description rdf:about=\"\" xmlns:t=\"http://ns.adobe.com/tiff/1.0/\"><t:Make>Orientation</t:Make><t:Orientation>{orientation}</t:Orientation></rdf:Description>")}
        </rdf:RDF></x:xmpmeta><?xpacket end='w'?>
        """);

    public static byte[] XmpText(int orientation, bool isAttribute) => [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. Xmp(orientation, isAttribute)];

    public static byte[] WithPngChunks(byte[] png, (string Kind, byte[] Body)[] chunks) =>
        // Behind the signature and the header.
        [.. png[..33], .. chunks.SelectMany(chunk => PngChunk(chunk.Kind, chunk.Body)), .. png[33..]];

    public static byte[] WithoutMetadata(byte[] png)
    {
        List<byte> kept = [.. png[..8]];
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at)) + 12;
            if (png.AsSpan(at + 4, 4) is [(byte)'I' or (byte)'P', ..] or [(byte)'t', (byte)'R', ..]) kept.AddRange(png[at..(at + length)]);
            at += length;
        }

        return [.. kept];
    }

    /// <summary>An icon of PNG pictures, each at most 255 pixels wide and high.</summary>
    public static byte[] Icon(params byte[][] pictures)
    {
        List<byte> icon = [0, 0, 1, 0, (byte)pictures.Length, 0];
        var at = 6 + (16 * pictures.Length);
        foreach (var picture in pictures)
        {
            icon.AddRange([picture[19], picture[23], 0, 0, 1, 0, 24, 0, .. BitConverter.GetBytes(picture.Length), .. BitConverter.GetBytes(at)]);
            at += picture.Length;
        }

        return [.. icon, .. pictures.SelectMany(picture => picture)];
    }

    /// <summary>A TIFF file of 32x16 RGB pixels that shows the four colors.</summary>
    public static byte[] Tiff(bool isLittleEndian, bool isBig, (int Tag, int Type, byte[] Value)[] more)
    {
        var pixels = new byte[3 * Sample.Width * Sample.Height];
        for (var i = 0; i < Sample.Width * Sample.Height; i++)
        {
            var (r, g, b) = Sample.Colors[(i / Sample.Width / 8 * 2) + (i % Sample.Width / 16)];
            (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = ((byte)r, (byte)g, (byte)b);
        }

        var tags = new List<(int Tag, int Type, byte[] Value)>
        {
            (256, 3, Short(Sample.Width)), (257, 3, Short(Sample.Height)), (258, 3, [.. Short(8), .. Short(8), .. Short(8)]), (259, 3, Short(1)), (262, 3, Short(2)),
            (273, 4, Long(isBig ? 16 : 8)), (277, 3, Short(3)), (278, 3, Short(Sample.Height)), (279, 4, Long(pixels.Length)),
        };
        tags.AddRange(more);
        tags = [.. tags.OrderBy(tag => tag.Tag)];
        var (header, inline, entry) = isBig ? (16, 8, 20) : (8, 4, 12);
        var directory = header + pixels.Length;
        var behind = directory + (isBig ? 8 : 2) + (entry * tags.Count) + inline;
        List<byte> file = [.. isLittleEndian ? "II"u8 : "MM"u8, .. Short(isBig ? 43 : 42), .. isBig ? (byte[])[.. Short(8), 0, 0] : [], .. Offset(directory), .. pixels];
        List<byte> values = [];
        file.AddRange(isBig ? Offset(tags.Count) : Short(tags.Count));
        foreach (var (tag, type, value) in tags)
        {
            var size = type switch { 3 => 2, 4 => 4, _ => 1 };
            file.AddRange([.. Short(tag), .. Short(type), .. Offset(value.Length / size)]);
            if (value.Length <= inline)
            {
                file.AddRange([.. value, .. new byte[inline - value.Length]]);
            }
            else
            {
                file.AddRange(Offset(behind + values.Count));
                values.AddRange(value);
            }
        }

        return [.. file, .. Offset(0), .. values];

        byte[] Short(int value) => isLittleEndian ? [(byte)value, (byte)(value >> 8)] : [(byte)(value >> 8), (byte)value];
        byte[] Long(int value) => isLittleEndian ? [.. Short(value), .. Short(value >> 16)] : [.. Short(value >> 16), .. Short(value)];
        byte[] Offset(int value) => !isBig ? Long(value) : isLittleEndian ? [.. Long(value), 0, 0, 0, 0] : [0, 0, 0, 0, .. Long(value)];
    }

    /// <summary>The picture is the sample's, brought by an orientation from how it is stored.</summary>
    public static void ShowsUpright(PixelBuffer pixels, int orientation, string what)
    {
        var stored = Stored(orientation);
        Assert.True((pixels.Width, pixels.Height) == (orientation >= 5 ? (Sample.Height, Sample.Width) : (Sample.Width, Sample.Height)), $"{what}: {pixels.Width}x{pixels.Height}");
        for (var quadrant = 0; quadrant < 4; quadrant++)
        {
            var (x, y) = ((quadrant % 2 * pixels.Width / 2) + (pixels.Width / 4), (quadrant / 2 * pixels.Height / 2) + (pixels.Height / 4));
            var at = 3 * ((y * pixels.Width) + x);
            var (r, g, b) = Sample.Colors[stored[quadrant]];
            var off = Math.Max(Math.Abs(pixels.Pixels[at] - r), Math.Max(Math.Abs(pixels.Pixels[at + 1] - g), Math.Abs(pixels.Pixels[at + 2] - b)));
            Assert.True(off <= 8, $"{what}: quadrant {quadrant} is ({pixels.Pixels[at]}, {pixels.Pixels[at + 1]}, {pixels.Pixels[at + 2]}), wanted {(r, g, b)}");
        }
    }

    /// <summary>For each quadrant of the upright picture (left to right, top to bottom) the stored one, by EXIF's table (CIPA DC-008, 4.6.5).</summary>
    private static int[] Stored(int orientation) => orientation switch
    {
        2 => [1, 0, 3, 2],
        3 => [3, 2, 1, 0],
        4 => [2, 3, 0, 1],
        5 => [0, 2, 1, 3],
        6 => [2, 0, 3, 1],
        7 => [3, 1, 2, 0],
        8 => [1, 3, 0, 2],
        _ => [0, 1, 2, 3],
    };

    private static byte[] WithJpegSegments(byte[] jpeg, (byte Marker, byte[] Body)[] segments) =>
        [.. jpeg[..2], .. segments.SelectMany(segment => (byte[])[0xFF, segment.Marker, (byte)((segment.Body.Length + 2) >> 8), (byte)(segment.Body.Length + 2), .. segment.Body]), .. jpeg[2..]];

    private static byte[] WithWebpChunks(byte[] webp, (string Kind, byte[] Body)[] chunks)
    {
        // The extended header: metadata are there; width and height, less one.
        byte[] extended = [.. "VP8X"u8, 10, 0, 0, 0, 0x0C, 0, 0, 0, Sample.Width - 1, 0, 0, Sample.Height - 1, 0, 0];
        var body = (byte[])[.. extended, .. webp[12..], .. chunks.SelectMany(chunk => (byte[])
            [.. Encoding.ASCII.GetBytes(chunk.Kind), .. BitConverter.GetBytes(chunk.Body.Length), .. chunk.Body, .. new byte[chunk.Body.Length % 2]])];
        return [.. "RIFF"u8, .. BitConverter.GetBytes(body.Length + 4), .. "WEBP"u8, .. body];
    }

    private static byte[] WithGifExtension(byte[] gif, byte label, byte[] first, byte[] body)
    {
        var at = 13 + ((gif[10] & 0x80) == 0 ? 0 : 3 << ((gif[10] & 7) + 1));
        byte[] head = first.Length == 0 ? [0x21, label] : [0x21, label, (byte)first.Length, .. first];
        return [.. gif[..at], .. head, .. body.Chunk(255).SelectMany(block => (byte[])[(byte)block.Length, .. block]), 0, .. gif[at..]];
    }

    private static byte[] PngChunk(string kind, byte[] body)
    {
        byte[] summed = [.. Encoding.ASCII.GetBytes(kind), .. body];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, body.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, PngSum.Of(summed));
        return [.. length, .. summed, .. sum];
    }

    private static byte[] RawProfile(string name, byte[] profile, bool isDeflated)
    {
        var lines = string.Join('\n', Convert.ToHexStringLower(profile).Chunk(72).Select(line => new string(line)));
        var text = Encoding.Latin1.GetBytes($"\n{name}\n{profile.Length,8}\n{lines}\n");
        var keyword = Encoding.Latin1.GetBytes($"Raw profile type {name}\0");
        return isDeflated ? [.. keyword, 0, .. Deflated(text)] : [.. keyword, .. text];
    }

    private static byte[] Deflated(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(bytes);
        return packed.ToArray();
    }
}
