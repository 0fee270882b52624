using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// Walks through the segments of a JPEG file (ITU-T T.81, annex B), sound or not: from marker to marker, past the codes of scans, up to the end
/// of the image or a segment that is not whole.
/// </summary>
/// <param name="file">A file that begins as JPEG does.</param>
internal ref struct JpegSegments(ReadOnlySpan<byte> file)
{
    private readonly ReadOnlySpan<byte> _file = file;

    public JpegSegment Current { get; private set; }

    /// <summary>Where the search for the next marker begins; whoever has read a scan's codes sets it behind them.</summary>
    internal int Position { get; set; } = 2;

    public readonly JpegSegments GetEnumerator() => this;

    public bool MoveNext()
    {
        var start = Position < _file.Length ? NextMarker(_file, Position) : -1;
        if (start < 0) return false;
        var (marker, end) = (_file[start + 1], start + 2);
        // Without a body: TEM, RST, and the image's start and end.
        if (marker is not (0x01 or (>= 0xD0 and <= JpegSegment.EndOfImage)))
        {
            if (end + 2 > _file.Length) return false;
            var length = ReadUInt16BigEndian(_file[end..]);
            if (length < 2 || length > _file.Length - end) return false;
            end += length;
        }

        Position = marker == JpegSegment.EndOfImage ? _file.Length : end;
        Current = new JpegSegment(marker, _file[Math.Min(start + 4, end)..end], start, end);
        return true;
    }

    /// <summary>Where the next marker's 0xFF is; -1 for none. Entropy-coded bytes, whose 0xFF is followed by a zero, are passed over.</summary>
    internal static int NextMarker(ReadOnlySpan<byte> file, int at)
    {
        while (true)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return -1;
            at += next;
            // A marker may have any number of 0xFF before it.
            if (file[at + 1] is not (0x00 or 0xFF)) return at;
            at += file[at + 1] == 0x00 ? 2 : 1;
        }
    }
}

/// <summary>One segment.</summary>
internal readonly ref struct JpegSegment(byte marker, ReadOnlySpan<byte> body, int start, int end)
{
    internal const byte HuffmanTables = 0xC4;
    internal const byte StartOfScan = 0xDA;
    internal const byte EndOfImage = 0xD9;
    internal const byte RestartInterval = 0xDD;

    internal byte Marker { get; } = marker;

    /// <summary>What follows the length; empty for a marker without a body.</summary>
    internal ReadOnlySpan<byte> Body { get; } = body;

    /// <summary>Where its 0xFF is.</summary>
    internal int Start { get; } = start;

    /// <summary>Where it ends.</summary>
    internal int End { get; } = end;

    /// <summary>Whether it begins a frame (SOF): which process the pixels are coded by, their size and their channels.</summary>
    internal bool IsFrame => Marker is (>= 0xC0 and <= 0xCF and not HuffmanTables and not 0xC8 and not 0xCC) or 0xF7;

    /// <summary>Whether a restart interval begins behind it.</summary>
    internal bool IsRestart => Marker is >= 0xD0 and <= 0xD7;

    /// <summary>Whether it has a part of the ICC profile.</summary>
    internal bool IsProfile => Marker == 0xE2 && Body.StartsWith("ICC_PROFILE\0"u8);
}
