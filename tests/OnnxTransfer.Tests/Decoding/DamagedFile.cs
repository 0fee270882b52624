using SkiaSharp;

namespace OnnxTransfer.Tests.Decoding;

/// <summary>Pictures that are large enough to be damaged in their middle, and what a decoder makes of a damaged one.</summary>
internal static class DamagedFile
{
    private const int Width = 160;
    private const int Height = 128;

    /// <summary>A sound file of noise over a gradient, the same in every run.</summary>
    public static byte[] Sound(string format) => format switch
    {
        "jpeg" => Encoded(SKEncodedImageFormat.Jpeg, 90),
        "progressive" => Progressive(),
        "png" => Encoded(SKEncodedImageFormat.Png, 100),
        "webp" => Encoded(SKEncodedImageFormat.Webp, 90),
        "gif" => Gif(),
        "bmp" => Bmp(),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };

    public static string OutcomeOf(IImageDecoder decoder, ReadOnlySpan<byte> file)
    {
        try
        {
            using var pixels = decoder.Decode(file);
            return pixels.Warnings.Count > 0 ? "warned" : "used";
        }
        catch (ImageDecodeException)
        {
            return "refused";
        }
    }

    private static byte[] Encoded(SKEncodedImageFormat format, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var values = Values();
        for (var i = 0; i < values.Length; i += 3) bitmap.SetPixel(i / 3 % Width, i / 3 / Width, new SKColor(values[i], values[i + 1], values[i + 2]));
        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    private static byte[] Values()
    {
        var random = new Random(7);
        var values = new byte[3 * Width * Height];
        for (var i = 0; i < values.Length; i++) values[i] = (byte)(64 + (i / 3 % Width / 2) + (i / 3 / Width / 2) + random.Next(24));
        return values;
    }

    private static byte[] Bmp()
    {
        var values = Values();
        byte[] header = [.. "BM"u8, .. BitConverter.GetBytes(54 + values.Length), 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, .. BitConverter.GetBytes(Width), .. BitConverter.GetBytes(Height), 1, 0, 24, 0];
        return [.. header, .. new byte[54 - header.Length], .. values];
    }

    /// <summary>Codes of nine bits without a dictionary: a clear before the code length would grow.</summary>
    internal static byte[] Gif(bool hasEndCode = true)
    {
        var values = Values();
        List<byte> packed = [];
        var (buffer, held, since) = (0u, 0, 0);
        Put(256);
        for (var i = 0; i < Width * Height; i++)
        {
            if (since++ == 200)
            {
                Put(256);
                since = 1;
            }

            Put(values[3 * i]);
        }

        if (hasEndCode) Put(257);
        if (held > 0) packed.Add((byte)buffer);
        byte[] header = [.. "GIF89a"u8, Width, 0, Height, 0, 0xF7, 0, 0, .. Enumerable.Range(0, 768).Select(i => (byte)(i / 3)), 0x2C, 0, 0, 0, 0, Width, 0, Height, 0, 0, 8];
        return [.. header, .. packed.Chunk(255).SelectMany(block => (byte[])[(byte)block.Length, .. block]), 0, 0x3B];

        void Put(int code)
        {
            buffer |= (uint)code << held;
            for (held += 9; held >= 8; held -= 8, buffer >>= 8) packed.Add((byte)buffer);
        }
    }

    /// <summary>The sample's progressive file is small, so its damage is made by place and not by share.</summary>
    private static byte[] Progressive() => Sample.Bytes("progressive.jpg");
}
