using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Converts the stored rows of one image to RGB24 in sRGB: first the samples to colors, with the profile if there is one, then alpha over
/// the background.
/// </summary>
internal sealed class RowConverter : IDisposable
{
    private readonly SampleLayout _layout;
    private readonly IccProfile? _profile;
    private readonly Rgb _background;
    private readonly ScratchBytes _rgb;
    private readonly int _length;
    private readonly SampleRange? _range;
    private byte _least = byte.MaxValue;
    private byte _greatest;

    /// <param name="layout">The layout of the stored rows.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="profile">The embedded profile; empty if there is none. A profile that is damaged or does not fit the pixels is ignored,
    /// as in browsers.</param>
    /// <param name="options">The background.</param>
    /// <param name="range">The range to which 16-bit samples are stretched; null to leave them unchanged.</param>
    /// <param name="mayBeGray">
    /// Whether RGB samples may come from a gray file, because the decoder does not distinguish them. A gray profile then applies to each
    /// channel.
    /// </param>
    internal RowConverter(SampleLayout layout, int width, ReadOnlySpan<byte> profile, DecodeOptions options, SampleRange? range = null, bool mayBeGray = false)
    {
        var found = profile.IsEmpty ? null : IccProfile.Find(profile, layout.Colors);
        if (found is null && mayBeGray && !layout.IsDeep) found = IccProfile.Find(profile, 1);
        _profile = found is { IsSrgb: true } && !layout.IsDeep ? null : found;
        (_layout, _background, _length, _range) = (layout, options.Background, 3 * width, range);
        _rgb = new ScratchBytes(IsRgb ? 0 : _length);
    }

    /// <summary>Whether the samples have 16 bits in the file. The decoder may have given only the high 8 bits.</summary>
    internal bool IsDeepInFile { get; init; }

    /// <summary>
    /// A warning about the rows so far, in one sentence; null if there is none. If the high bytes of 16-bit samples span less than 1/16 of
    /// their range, the samples are most likely 12 bits that were not stretched.
    /// </summary>
    internal string? Warning => IsDeepInFile && _range is null && _greatest - _least < 16 && _least <= _greatest
        ? "The image's 16-bit samples use less than 1/16 of their range, so the picture is nearly uniform: stretch it with DecodeOptions.Levels = SampleLevels.Data (`--levels data`)."
        : null;

    /// <summary>Whether rows are already RGB24 and are converted in place.</summary>
    private bool IsRgb => _layout is { Colors: 3, Channels: 3, IsDeep: false };

    /// <summary>Converts a row.</summary>
    /// <param name="stored"><c>[W,channels]</c>; it may be changed.</param>
    /// <returns><c>[W,3]</c>, valid until the next call.</returns>
    internal ReadOnlySpan<byte> Convert(Span<byte> stored)
    {
        if (IsDeepInFile && _range is null) Watch(stored);
        if (IsRgb)
        {
            _profile?.ToSrgb(stored);
            return stored;
        }

        var rgb = _rgb.Span;
        if (_layout.IsDeep)
        {
            var deep = MemoryMarshal.Cast<byte, ushort>(stored);
            _range?.Stretch(deep, _layout);
            if (_profile is null) Deep(deep, _layout, rgb);
            else _profile.ToSrgb(deep, _layout.Channels, rgb);
            if (_layout.Alpha != 0) Composite(deep, rgb);
            return rgb;
        }

        switch (_layout.Colors)
        {
            case 1:
                for (int i = 0, o = 0; o < rgb.Length; i += _layout.Channels, o += 3) rgb.Slice(o, 3).Fill(stored[i]);
                _profile?.ToSrgb(rgb);
                break;
            case 3:
                DropFrom(stored, _layout.Channels, rgb);
                _profile?.ToSrgb(rgb);
                break;
            case var _ when _profile is null:
                for (int i = 0, o = 0; o < rgb.Length; i += _layout.Channels, o += 3) Inks(stored[i], stored[i + 1], stored[i + 2], stored[i + 3], rgb.Slice(o, 3));
                break;
            default:
                _profile.ToSrgb(stored, _layout.Channels, rgb);
                break;
        }

        if (_layout.Alpha != 0) Composite(stored, rgb);
        return rgb;
    }

    public void Dispose() => _rgb.Dispose();

    /// <summary>Composites one pixel (not premultiplied) over a background.</summary>
    internal static void Over(ReadOnlySpan<byte> rgba, Rgb background, Span<byte> rgb)
    {
        rgb[0] = Over(rgba[0], background.R, rgba[3]);
        rgb[1] = Over(rgba[1], background.G, rgba[3]);
        rgb[2] = Over(rgba[2], background.B, rgba[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DropFrom(ReadOnlySpan<byte> stored, int channels, Span<byte> rgb)
    {
        int i = 0, o = 0;
        if (channels == 4 && Vector128.IsHardwareAccelerated)
        {
            // Four pixels at a time. The last four bytes that are written are unused; the next pixels overwrite them.
            for (; o + 16 <= rgb.Length; i += 16, o += 12)
                Vector128.Shuffle(Vector128.Create(stored.Slice(i, 16)), Vector128.Create(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, (byte)255)).CopyTo(rgb.Slice(o, 16));
        }

        for (; o < rgb.Length; i += channels, o += 3) stored.Slice(i, 3).CopyTo(rgb.Slice(o, 3));
    }

    private void Watch(ReadOnlySpan<byte> stored)
    {
        var deep = MemoryMarshal.Cast<byte, ushort>(stored);
        for (var i = 0; i < (_layout.IsDeep ? deep.Length : stored.Length); i += _layout.Channels)
        {
            for (var c = 0; c < _layout.Colors; c++)
            {
                var value = _layout.IsDeep ? High(deep[i + c]) : stored[i + c];
                (_least, _greatest) = (Math.Min(_least, value), Math.Max(_greatest, value));
            }
        }
    }

    /// <summary>Takes the high byte of each sample, as Pillow and libvips do.</summary>
    private static void Deep(ReadOnlySpan<ushort> stored, SampleLayout layout, Span<byte> rgb)
    {
        for (int i = 0, o = 0; o < rgb.Length; i += layout.Channels, o += 3)
        {
            if (layout.Colors == 1) rgb.Slice(o, 3).Fill(High(stored[i]));
            else if (layout.Colors == 3) (rgb[o], rgb[o + 1], rgb[o + 2]) = (High(stored[i]), High(stored[i + 1]), High(stored[i + 2]));
            else Inks(High(stored[i]), High(stored[i + 1]), High(stored[i + 2]), High(stored[i + 3]), rgb.Slice(o, 3));
        }
    }

    /// <summary>Converts inks without a profile as Pillow does: <c>(255 - ink) (255 - black) / 255</c>, rounded to nearest.</summary>
    private static void Inks(byte cyan, byte magenta, byte yellow, byte black, Span<byte> rgb)
    {
        rgb[0] = Over(0, (byte)(255 - black), cyan);
        rgb[1] = Over(0, (byte)(255 - black), magenta);
        rgb[2] = Over(0, (byte)(255 - black), yellow);
    }

    private void Composite(ReadOnlySpan<byte> stored, Span<byte> rgb)
    {
        for (int i = _layout.Alpha, o = 0; o < rgb.Length; i += _layout.Channels, o += 3) Composite(stored[i], rgb.Slice(o, 3));
    }

    private void Composite(ReadOnlySpan<ushort> stored, Span<byte> rgb)
    {
        for (int i = _layout.Alpha, o = 0; o < rgb.Length; i += _layout.Channels, o += 3) Composite(High(stored[i]), rgb.Slice(o, 3));
    }

    private void Composite(byte alpha, Span<byte> rgb)
    {
        if (alpha == 255) return;
        rgb[0] = Over(rgb[0], _background.R, alpha);
        rgb[1] = Over(rgb[1], _background.G, alpha);
        rgb[2] = Over(rgb[2], _background.B, alpha);
    }

    private static byte High(ushort sample) => (byte)(sample >> 8);

    /// <summary>(a c + (255 - a) background) / 255, rounded to nearest.</summary>
    private static byte Over(byte value, byte background, byte alpha) =>
        (byte)(((value * alpha) + (background * (255 - alpha)) + 127) / 255);
}
