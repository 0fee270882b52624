using System.Text;
using OnnxTransfer.Decoding;
using OnnxTransfer.Decoding.Containers;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Fuzz;

/// <summary>The readers of images.</summary>
internal static class ImageParsers
{
    private static readonly DecodeOptions s_options = new() { MaxPixels = 40_000, MaxEncodedBytes = 1 << 20, Background = new Rgb(9, 99, 199) };

    internal static IReadOnlyList<Parser> All { get; } =
    [
        new("png", () => new Corpus().Of(ImageFormat.Png), ["IHDR", "IDAT", "IEND", "PLTE", "tRNS", "iCCP", "eXIf", "tEXt", "zTXt", "iTXt", "Raw profile type exif\0\nexif\n", "XML:com.adobe.xmp\0", "Exif\0\0"], ReadPng),
        new("jpeg", () => new Corpus().Of(ImageFormat.Jpeg), ["\u00FF\u00C0", "\u00FF\u00C2", "\u00FF\u00C4", "\u00FF\u00DA", "\u00FF\u00DD", "\u00FF\u00D0", "\u00FF\u00D9", "\u00FF\u00E1", "\u00FF\u00E2", "\u00FF\0", "Exif\0\0", "ICC_PROFILE\0", "http://ns.adobe.com/xap/1.0/\0", "Adobe"], ReadJpeg),
        new("gif", () => new Corpus().Of(ImageFormat.Gif), ["GIF87a", "\u0021\u00F9\u0004", "\u0021\u00FE", "\u002C", "\u003B"], file => ReadContainer(file, ImageFormat.Gif)),
        new("webp", () => new Corpus().Of(ImageFormat.Webp), ["RIFF", "WEBP", "VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "EXIF", "XMP ", "ICCP", "Exif\0\0"], file => ReadContainer(file, ImageFormat.Webp)),
        new("tiff", () => new Corpus().Of(ImageFormat.Tiff), ["II*\0", "MM\0*", "II+\0\b\0\0\0", "MM\0+\0\b\0\0"], ReadTiff),
        new("bmp", () => new Corpus().Of(ImageFormat.Bmp), ["BM", "\u000C\0\0\0", "\u0028\0\0\0", "\u007C\0\0\0"], ReadBitmap),
        new("exif", () => [Exif(true), Exif(false)], ["Exif\0\0", "II*\0", "MM\0*", "\u0012\u0001", "\u0001\u0012"], ReadExif),
        new("xmp", () => [.. Xmp()], ["tiff:Orientation", "http://ns.adobe.com/tiff/1.0/", "xmlns:", "='", "\">", "</"], bytes => RequireOrientation(XmpOrientation.Find(bytes))),
        new("icc", () => [TestProfile.Srgb, TestProfile.Grey, TestProfile.RgbTable, TestProfile.CoarseCmyk, TestProfile.AdobeRgb], ["acsp", "RGB ", "GRAY", "CMYK", "XYZ ", "Lab ", "curv", "para", "mft1", "mft2", "mAB ", "A2B0", "A2B1", "rTRC", "kTRC", "rXYZ"], ReadProfile),
        new("headers", () => new Corpus().Files, ["ftyp", "heic", "avif", "mif1", "meta", "ispe", "PNG", "%PDF", "<svg", "<html"], ReadHeader),
    ];

    private static void ReadPng(byte[] file)
    {
        if (!IsOf(file, ImageFormat.Png)) return;
        ReadHeader(file);
        using var input = CodecInput.Of(file, ImageFormat.Png, s_options, JpegCheck.Always);
        RequireInput(input, file);
        var profile = EmbeddedProfile.Find(input.Bytes, ImageFormat.Png);
        Require(profile.Length <= EmbeddedProfile.MostBytes, "a profile above its limit");
        _ = PngChunks.IsGray(input.Bytes) && PngChunks.HasAlpha(input.Bytes);
        Require(PngChunks.WithoutProfile(input.Bytes).Length <= input.Bytes.Length, "a file without its profile is longer than with it");
        if (PngChunks.IsDeep(input.Bytes) && PngChunks.IsGray(input.Bytes)) _ = PngChunks.AsBytes(input.Bytes);
        _ = PngChunks.TransparentGray(input.Bytes);
    }

    private static void ReadJpeg(byte[] file)
    {
        if (!IsOf(file, ImageFormat.Jpeg)) return;
        ReadHeader(file);
        var (channels, profile) = (JpegHeader.Channels(file), JpegHeader.Profile(file).ToArray());
        _ = JpegHeader.HasAdobe(file);
        var changed = JpegHeader.WithProfile(file, TestProfile.Grey);
        Require(JpegHeader.Profile(changed).SequenceEqual(TestProfile.Grey), "the profile that was put into the file is not found in it");
        Require(JpegHeader.Channels(changed) == channels, "another profile changes the number of channels");
        _ = IccProfile.Find(profile, channels);
        _ = CodecInput.JudgeJpeg(file);
        foreach (var codes in Enum.GetValues<JpegCheck>())
        {
            using var input = CodecInput.Of(file, ImageFormat.Jpeg, s_options, codes);
            RequireInput(input, file);
            if (input.IsOpen) _ = CodecInput.JudgeJpeg(input.Close());
        }
    }

    private static void ReadTiff(byte[] file)
    {
        ReadContainer(file, ImageFormat.Tiff);
        var directory = new TiffDirectory(file);
        foreach (var tag in new[] { 256, 258, 259, 262, 273, 274, 277, 338, 530, 700, 34675 })
        {
            Require(directory.Bytes(tag).Length <= file.Length, "a tag is longer than its file");
            _ = directory.Number(tag, index: 1);
            Require(directory.Count(tag) >= 0, "a count is negative");
        }
    }

    private static void ReadBitmap(byte[] file)
    {
        if (!IsOf(file, ImageFormat.Bmp)) return;
        ReadHeader(file);
        var sink = new Rows();
        BmpReader.Decode(file, s_options, sink);
        Require(sink.Next == sink.Height, $"{sink.Next} of {sink.Height} rows came");
    }

    private static void ReadExif(byte[] exif)
    {
        RequireOrientation(ExifOrientation.Find(exif));
        _ = TiffFile.RawName(exif);
    }

    private static void ReadProfile(byte[] bytes)
    {
        Span<byte> rgb = stackalloc byte[3 * 17];
        Span<byte> stored = stackalloc byte[4 * 17];
        Span<ushort> deep = stackalloc ushort[4 * 17];
        for (var i = 0; i < stored.Length; i++) (stored[i], deep[i]) = ((byte)(i * 15), (ushort)(i * 3855));
        foreach (var colors in new[] { 1, 3, 4 })
        {
            if (IccProfile.Find(bytes, colors) is not { } profile) continue;
            stored[..rgb.Length].CopyTo(rgb);
            if (colors != 4) profile.ToSrgb(rgb);
            profile.ToSrgb(stored[..(17 * colors)], colors, rgb);
            profile.ToSrgb(deep[..(17 * colors)], colors, rgb);
        }
    }

    private static void ReadContainer(byte[] file, ImageFormat format)
    {
        if (!IsOf(file, format)) return;
        ReadHeader(file);
        using var input = CodecInput.Of(file, format, s_options, JpegCheck.Always);
        RequireInput(input, file);
        _ = EmbeddedProfile.Find(input.Bytes, format);
    }

    /// <summary>What is read of every file before a decoder is chosen.</summary>
    private static void ReadHeader(byte[] file)
    {
        var format = ImageFormats.Detect(file);
        _ = FileKind.Of(file);
        _ = TiffFile.RawName(file);
        if (format == ImageFormat.Unknown) return;
        var header = ImageHeader.Read(file, format);
        Require(header is { Pixels: >= 0, Width: >= 0, Height: >= 0, Channels: >= 0, Frames: >= 1, Scans: >= 1, BlockPixels: >= 0, ProfileBytes: >= 0 }, $"the header is {header}");
        var memory = DecodeMemory.Of(file, ImageDecoders.Default, s_options);
        Require(memory >= file.Length, $"{memory} bytes of memory for {file.Length} of the file");
        DecodeChecks.Format(file, s_options);
    }

    private static bool IsOf(byte[] file, ImageFormat format) => ImageFormats.Detect(file) == format;

    private static void RequireInput(in CodecInput input, byte[] file)
    {
        Require(input.Bytes.Length <= file.Length + 1_000_000, $"{file.Length} bytes became {input.Bytes.Length}");
        RequireOrientation(input.Orientation);
    }

    private static void RequireOrientation(Orientation? orientation) => Require((int?)orientation is null or (>= 1 and <= 8), $"the orientation {(int?)orientation}");

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }

    /// <summary>EXIF data with the orientation 6 between two other tags.</summary>
    private static byte[] Exif(bool isLittleEndian)
    {
        List<byte> bytes = [.. isLittleEndian ? "II*\0"u8 : "MM\0*"u8, .. Number(8, 4), .. Number(3, 2)];
        foreach (var (tag, value) in new[] { (0x0100, 1), (0x0112, 6), (0x0128, 2) }) bytes.AddRange([.. Number(tag, 2), .. Number(3, 2), .. Number(1, 4), .. Number(value, 2), 0, 0]);
        return [.. bytes, 0, 0, 0, 0];

        IEnumerable<byte> Number(int value, int size)
        {
            var number = Enumerable.Range(0, size).Select(i => (byte)(value >> (8 * i)));
            return isLittleEndian ? number : number.Reverse();
        }
    }

    private static IEnumerable<byte[]> Xmp() => new[]
    {
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='5'/></x:xmpmeta>",
        "<x:xmpmeta><rdf:Description xmlns:t=\"http://ns.adobe.com/tiff/1.0/\"><t:Make>a</t:Make><t:Orientation> 8 </t:Orientation></rdf:Description></x:xmpmeta>",
    }.Select(Encoding.ASCII.GetBytes);

    /// <summary>Demands every row once, in order, and of the length that was announced.</summary>
    private sealed class Rows : IRowSink
    {
        private int _width;

        internal int Height { get; private set; } = -1;

        internal int Next { get; private set; }

        public int Shrink(int width, int height, Orientation orientation, JpegShrink shrink) => 1;

        public void Begin(int width, int height, Orientation orientation)
        {
            Require(Height < 0 && width > 0 && height > 0 && (long)width * height <= s_options.MaxPixels, $"an image of {width}x{height} pixels begins");
            (_width, Height) = (width, height);
        }

        public void Warn(string warning) => Require(warning.EndsWith('.'), $"the warning '{warning}'");

        public void Row(int y, ReadOnlySpan<byte> rgb)
        {
            Require(y == Next && rgb.Length == 3 * _width, $"row {y} of {rgb.Length} bytes where row {Next} of {3 * _width} was due");
            Next++;
        }
    }
}
