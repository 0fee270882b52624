namespace OnnxTransfer.Vips.Tests.Matrix;

/// <summary>Writes TIFF files (TIFF 6.0) of every arrangement that the specification has room for.</summary>
internal sealed record TiffFile
{
    private const int TileSide = 16;

    /// <summary>0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, 8 CIE L*a*b*.</summary>
    internal int Photometric { get; init; }

    /// <summary>Bits a sample: 1, 2, 4, 8, 16 or 32.</summary>
    internal int Bits { get; init; } = 8;

    /// <summary>Samples a pixel.</summary>
    internal int Channels { get; init; }

    /// <summary><c>[Height,Width,Channels]</c>, as they are stored.</summary>
    internal ushort[] Samples { get; init; } = [];

    /// <summary>What the samples behind the colors are: 0 unspecified, 1 and 2 alpha; null leaves the tag out.</summary>
    internal int[]? ExtraSamples { get; init; }

    internal byte[]? Profile { get; init; }

    internal List<(int R, int G, int B)>? Palette { get; init; }

    internal bool IsBigEndian { get; init; }

    internal bool IsBigTiff { get; init; }

    internal bool IsPlanar { get; init; }

    internal bool IsTiled { get; init; }

    internal bool IsDeflated { get; init; }

    /// <summary>Whether each sample is stored as its difference from its left neighbor; for 8 and 16 bits.</summary>
    internal bool HasPredictor { get; init; }

    /// <summary>Whether bits of a byte are stored lowest first.</summary>
    internal bool IsLowestFirst { get; init; }

    /// <summary>1 unsigned, 2 signed, 3 floating point.</summary>
    internal int SampleFormat { get; init; } = 1;

    /// <summary>More tags: number, and shorts.</summary>
    internal List<(int Tag, int[] Shorts)> Tags { get; init; } = [];

    /// <summary>The packed rows in place of <see cref="Samples"/>.</summary>
    internal byte[]? Raw { get; init; }

    /// <summary>Another picture behind the first.</summary>
    internal TiffFile? Next { get; init; }

    internal byte[] Write()
    {
        var file = new List<byte>(IsBigEndian ? [.. "MM"u8] : [.. "II"u8]);
        file.AddRange(IsBigTiff ? [.. Number(43, 2), .. Number(8, 2), .. Number(0, 2), .. Number(16, 8)] : [.. Number(42, 2), .. Number(8, 4)]);
        WriteDirectory(file);
        return [.. file];
    }

    private int Offset => IsBigTiff ? 8 : 4;

    private void WriteDirectory(List<byte> file)
    {
        var strips = Strips();
        List<(int Tag, int Type, byte[] Value)> entries =
        [
            (256, 3, Number(Picture.Width, 2)), (257, 3, Number(Picture.Height, 2)),
            (258, 3, Shorts(Enumerable.Repeat(Bits, Channels))), (259, 3, Number(IsDeflated ? 8 : 1, 2)), (262, 3, Number(Photometric, 2)),
            (277, 3, Number(Channels, 2)), (284, 3, Number(IsPlanar ? 2 : 1, 2)),
        ];
        if (IsLowestFirst) entries.Add((266, 3, Number(2, 2)));
        if (HasPredictor) entries.Add((317, 3, Number(2, 2)));
        if (IsTiled) entries.AddRange([(322, 3, Number(TileSide, 2)), (323, 3, Number(TileSide, 2))]);
        else entries.Add((278, 3, Number(Picture.Height, 2)));
        if (Palette is { } palette)
        {
            int Entry(int i, Func<(int R, int G, int B), int> channel) => i < palette.Count ? 257 * channel(palette[i]) : 0;
            var all = Enumerable.Range(0, 1 << Bits).ToList();
            entries.Add((320, 3, Shorts([.. all.Select(i => Entry(i, c => c.R)), .. all.Select(i => Entry(i, c => c.G)), .. all.Select(i => Entry(i, c => c.B))])));
        }

        if (ExtraSamples is not null) entries.Add((338, 3, Shorts(ExtraSamples)));
        if (SampleFormat != 1) entries.Add((339, 3, Shorts(Enumerable.Repeat(SampleFormat, Channels))));
        foreach (var (tag, shorts) in Tags) entries.Add((tag, 3, Shorts(shorts)));
        if (Profile is not null) entries.Add((34675, 7, Profile));

        // The places come last, when all lengths are known.
        entries.Add((IsTiled ? 324 : 273, 4, new byte[4 * strips.Count]));
        entries.Add((IsTiled ? 325 : 279, 4, [.. strips.SelectMany(strip => Number(strip.Length, 4))]));
        entries = [.. entries.OrderBy(entry => entry.Tag)];
        var (entryBytes, countBytes) = IsBigTiff ? (20, 8) : (12, 2);
        var end = file.Count + countBytes + (entryBytes * entries.Count) + Offset;
        var outside = entries.Where(entry => entry.Value.Length > Offset).Sum(entry => (entry.Value.Length + 1) & ~1);
        var at = end + outside;
        var places = strips.SelectMany(strip =>
        {
            var place = Number(at, 4);
            at += (strip.Length + 1) & ~1;
            return place;
        }).ToArray();
        var next = at;

        var body = new List<byte>();
        file.AddRange(Number(entries.Count, countBytes));
        foreach (var (tag, type, value) in entries)
        {
            var bytes = tag is 273 or 324 ? places : value;
            file.AddRange([.. Number(tag, 2), .. Number(type, 2), .. Number(bytes.Length / (type == 3 ? 2 : type == 4 ? 4 : 1), Offset)]);
            if (bytes.Length <= Offset)
            {
                file.AddRange([.. bytes, .. new byte[Offset - bytes.Length]]);
                continue;
            }

            file.AddRange(Number(end + body.Count, Offset));
            body.AddRange([.. bytes, .. new byte[bytes.Length & 1]]);
        }

        file.AddRange(Number(Next is null ? 0 : next, Offset));
        file.AddRange(body);
        foreach (var strip in strips) file.AddRange([.. strip, .. new byte[strip.Length & 1]]);
        Next?.WriteDirectory(file);
    }

    /// <summary>The strips or tiles, of all channels together or one after the other.</summary>
    private List<byte[]> Strips()
    {
        if (Raw is not null) return [IsDeflated ? Files.Deflate(Raw) : Raw];
        var planes = IsPlanar ? Enumerable.Range(0, Channels).Select(c => Samples.Where((_, i) => i % Channels == c).ToArray()) : [Samples];
        return [.. planes.SelectMany(plane => Pieces(plane, IsPlanar ? 1 : Channels))];
    }

    private IEnumerable<byte[]> Pieces(ushort[] plane, int channels)
    {
        if (!IsTiled)
        {
            yield return Pack(plane, channels, Picture.Width);
            yield break;
        }

        for (var top = 0; top < Picture.Height; top += TileSide)
        {
            for (var left = 0; left < Picture.Width; left += TileSide)
            {
                var tile = Enumerable.Range(0, TileSide).SelectMany(y => plane.Skip((((top + y) * Picture.Width) + left) * channels).Take(TileSide * channels));
                yield return Pack([.. tile], channels, TileSide);
            }
        }
    }

    private byte[] Pack(ushort[] samples, int channels, int width)
    {
        if (HasPredictor)
        {
            var most = (1 << Bits) - 1;
            samples = [.. samples.Select((v, i) => i % (width * channels) < channels ? v : (ushort)((v - samples[i - channels]) & most))];
        }

        var packed = Bits == 32
            ? [.. samples.SelectMany(v => Number(v * 65537L, 4))]
            : Files.Pack(samples, channels, Bits, (1 << Bits) - 1, !IsBigEndian, width);
        if (IsLowestFirst) packed = [.. packed.Select(b => (byte)Enumerable.Range(0, 8).Sum(bit => (b >> bit & 1) << (7 - bit)))];
        return IsDeflated ? Files.Deflate(packed) : packed;
    }

    private byte[] Shorts(IEnumerable<int> values) => [.. values.SelectMany(value => Number(value, 2))];

    private byte[] Number(long value, int bytes)
    {
        var number = Enumerable.Range(0, bytes).Select(i => (byte)(value >> (8 * i))).ToArray();
        if (IsBigEndian) Array.Reverse(number);
        return number;
    }
}
