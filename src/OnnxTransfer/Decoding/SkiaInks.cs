using SkiaSharp;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Decodes CMYK JPEG images with a profile. Skia gives no inks but three color channels, and its own conversion with the profile is wrong
/// by up to 43 of 255: it uses the perceptual table and mixes the sixteen corners of a cell. This class therefore decodes the image twice
/// with its own profiles in place of the file's profile. One profile maps the first three inks to linear red, green and blue; the other
/// does the same for black. The inks are exact, because a linear profile with 16 bits per number loses nothing of 8 bits.
/// </summary>
internal sealed class SkiaInks : ISkiaStrips
{
    private static readonly SKColorSpace s_linear = SKColorSpace.CreateSrgbLinear();
    private static readonly byte[] s_colors = Profile((cyan, magenta, yellow, _) => (cyan, magenta, yellow));
    private static readonly byte[] s_black = Profile((_, _, _, black) => (black, black, black));

    private readonly SKCodec _colorCodec;
    private readonly SKCodec _blackCodec;
    private readonly SkiaStrips _colors;
    private readonly SkiaStrips _blacks;
    private readonly SkiaStrips _plain;

    /// <param name="codec">The image; its creator disposes it.</param>
    /// <param name="bytes">The bytes of the image.</param>
    /// <param name="size">The size of the image, or the smaller size to decode.</param>
    /// <exception cref="ImageDecodeException">The image is damaged, or there is not enough memory for the strips.</exception>
    internal SkiaInks(SKCodec codec, ReadOnlySpan<byte> bytes, SKSizeI size)
    {
        _colorCodec = Open(bytes, s_colors);
        _blackCodec = Open(bytes, s_black);
        _colors = new SkiaStrips(_colorCodec, size, s_linear);
        _blacks = new SkiaStrips(_blackCodec, size, s_linear);
        _plain = new SkiaStrips(codec, size, colors: null);
    }

    /// <inheritdoc/>
    /// <exception cref="ImageDecodeException">This version of Skia does not give the inks of the image.</exception>
    public int Read(int top)
    {
        var rows = _colors.Read(top);
        if (_blacks.Read(top) < rows || (top == 0 && _plain.Read(top) < rows)) return 0;
        for (var row = 0; row < rows; row++)
        {
            var inks = _colors.Row(row);
            var black = _blacks.Row(row);
            for (var i = 3; i < inks.Length; i += 4) inks[i] = black[i - 1];
            if (top == 0) RequireInks(inks, _plain.Row(row));
        }

        return rows;
    }

    public Span<byte> Row(int row) => _colors.Row(row);

    public void Dispose()
    {
        _colors.Dispose();
        _blacks.Dispose();
        _plain.Dispose();
        _colorCodec.Dispose();
        _blackCodec.Dispose();
    }

    /// <summary>
    /// Compares the first rows with the RGB that Skia computes from the inks without a profile, because another version of Skia may treat
    /// profiles differently.
    /// </summary>
    private static void RequireInks(ReadOnlySpan<byte> inks, ReadOnlySpan<byte> light)
    {
        for (var i = 0; i < inks.Length; i += 4)
        {
            for (var c = 0; c < 3; c++)
            {
                var expected = (((255 - inks[i + c]) * (255 - inks[i + 3])) + 127) / 255;
                if (Math.Abs(expected - light[i + c]) > 2) Throw.ImageInksUnknown();
            }
        }
    }

    private static SKCodec Open(ReadOnlySpan<byte> encoded, byte[] profile)
    {
        using var data = SKData.CreateCopy(JpegHeader.WithProfile(encoded, profile));
        var codec = SKCodec.Create(data);
        if (codec is null) Throw.ImageDamaged(ImageFormat.Jpeg, null);
        return codec;
    }

    /// <summary>Creates a CMYK profile from inks to XYZ whose table has only the corners (<c>lutAToBType</c>; ICC.1:2022, 10.12).</summary>
    /// <param name="toLinear">The linear sRGB for the inks of a corner, each 0 or 1.</param>
    private static byte[] Profile(Func<int, int, int, int, (int R, int G, int B)> toLinear)
    {
        // Curves that change nothing, a matrix that changes nothing, and the table. Skia scales XYZ as the standard requires only after a
        // matrix.
        const int curve = 12, matrixAt = 32 + (3 * curve), middleAt = matrixAt + 48, tableAt = middleAt + (3 * curve), inputAt = tableAt + 20 + (16 * 6);
        const int tagAt = 128 + 4 + 12, tagLength = inputAt + (4 * curve);
        var profile = new byte[tagAt + tagLength];
        WriteInt32BigEndian(profile, profile.Length);
        WriteInt32BigEndian(profile.AsSpan(8), 0x04000000);
        "prtrCMYKXYZ "u8.CopyTo(profile.AsSpan(12));
        "acsp"u8.CopyTo(profile.AsSpan(36));
        WriteFixed(profile.AsSpan(68), IccLab.WhiteX);
        WriteFixed(profile.AsSpan(72), IccLab.WhiteY);
        WriteFixed(profile.AsSpan(76), IccLab.WhiteZ);
        WriteInt32BigEndian(profile.AsSpan(128), 1);
        "A2B0"u8.CopyTo(profile.AsSpan(132));
        WriteInt32BigEndian(profile.AsSpan(136), tagAt);
        WriteInt32BigEndian(profile.AsSpan(140), tagLength);

        var tag = profile.AsSpan(tagAt);
        "mAB "u8.CopyTo(tag);
        (tag[8], tag[9]) = (4, 3);
        ReadOnlySpan<int> places = [32, matrixAt, middleAt, tableAt, inputAt];
        for (var i = 0; i < places.Length; i++) WriteInt32BigEndian(tag[(12 + (4 * i))..], places[i]);
        foreach (var (at, count) in new[] { (32, 3), (middleAt, 3), (inputAt, 4) })
            for (var i = 0; i < count; i++) "curv"u8.CopyTo(tag[(at + (curve * i))..]);
        for (var i = 0; i < 3; i++) WriteFixed(tag[(matrixAt + (16 * i))..], 1);

        var table = tag[tableAt..];
        table[..4].Fill(2);
        table[16] = 2;
        for (var i = 0; i < 16; i++)
        {
            var (x, y, z) = IccProfile.FromLinearSrgb(toLinear(i >> 3, (i >> 2) & 1, (i >> 1) & 1, i & 1));
            WriteShort(table[(20 + (6 * i))..], x);
            WriteShort(table[(22 + (6 * i))..], y);
            WriteShort(table[(24 + (6 * i))..], z);
        }

        return profile;
    }

    private static void WriteFixed(Span<byte> bytes, double value) => WriteInt32BigEndian(bytes, (int)Math.Round(value * 65536));

    private static void WriteShort(Span<byte> bytes, double value) => WriteUInt16BigEndian(bytes, (ushort)Math.Round(value * 32768));
}
