using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>The segments before the pixels of a JPEG file (ITU-T T.81, annex B).</summary>
internal static class JpegSegments
{
    private const byte StartOfScan = 0xDA;
    private const byte App2 = 0xE2;
    private const byte App14 = 0xEE;
    private const int SignatureLength = 2;

    /// <summary>The number of channels, 1 to 4; 0 if there is no frame header.</summary>
    internal static int Channels(ReadOnlySpan<byte> file)
    {
        foreach (var segment in new Segments(file))
        {
            // Frame headers are C0 to CF, except tables (C4, CC) and an extension that is not used (C8).
            if (segment.Kind is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC)) return segment.Body.Length > 5 ? segment.Body[5] : 0;
        }

        return 0;
    }

    /// <summary>Whether the file has Adobe's segment.</summary>
    internal static bool HasAdobe(ReadOnlySpan<byte> file)
    {
        foreach (var segment in new Segments(file))
        {
            if (segment.Kind == App14 && segment.Body.StartsWith("Adobe"u8)) return true;
        }

        return false;
    }

    /// <summary>The ICC profile, joined from its parts (ICC.1:2022, B.4); empty if there is none, or a part is missing.</summary>
    internal static ReadOnlySpan<byte> Profile(ReadOnlySpan<byte> file)
    {
        // Most profiles have one part and need no copy.
        ReadOnlySpan<byte> only = default;
        SortedDictionary<byte, byte[]>? parts = null;
        var count = 0;
        foreach (var segment in new Segments(file))
        {
            if (!IsProfile(segment)) continue;
            count = segment.Body[13];
            if (!only.IsEmpty) return [];
            if (count == 1 && parts is null)
            {
                only = segment.Body[14..];
                continue;
            }

            parts ??= [];
            if (!parts.TryAdd(segment.Body[12], segment.Body[14..].ToArray())) return [];
        }

        if (!only.IsEmpty) return only;
        return parts?.Count == count && count > 0 ? (byte[])[.. parts.Values.SelectMany(part => part)] : [];
    }

    /// <summary>A copy of the file with another ICC profile of at most 65,519 bytes.</summary>
    internal static ReadOnlySpan<byte> WithProfile(ReadOnlySpan<byte> file, ReadOnlySpan<byte> profile)
    {
        using var changed = new MemoryStream(file.Length + profile.Length + 18);
        changed.Write(file[..SignatureLength]);
        changed.Write([0xFF, App2, 0, 0, .. "ICC_PROFILE\0"u8, 1, 1, .. profile]);
        WriteUInt16BigEndian(changed.GetBuffer().AsSpan(SignatureLength + 2), (ushort)(profile.Length + 16));
        var end = SignatureLength;
        foreach (var segment in new Segments(file))
        {
            if (!IsProfile(segment)) changed.Write(file[end..segment.End]);
            end = segment.End;
        }

        changed.Write(file[end..]);
        return changed.GetBuffer().AsSpan(0, (int)changed.Length);
    }

    private static bool IsProfile(Segment segment) => segment.Kind == App2 && segment.Body.Length > 14 && segment.Body.StartsWith("ICC_PROFILE\0"u8);

    private readonly ref struct Segment(byte kind, ReadOnlySpan<byte> body, int end)
    {
        internal byte Kind { get; } = kind;

        internal ReadOnlySpan<byte> Body { get; } = body;

        /// <summary>The offset of the next segment.</summary>
        internal int End { get; } = end;
    }

    /// <summary>Enumerates the segments up to the first scan, or up to bytes that are not a segment.</summary>
    private ref struct Segments(ReadOnlySpan<byte> file)
    {
        private readonly ReadOnlySpan<byte> _file = file;
        private int _at = SignatureLength;

        public Segment Current { get; private set; }

        public readonly Segments GetEnumerator() => this;

        public bool MoveNext()
        {
            var at = _at;
            // Any number of fill bytes may precede a marker.
            while (at + 1 < _file.Length && _file[at] == 0xFF && _file[at + 1] == 0xFF) at++;
            if (at + 4 > _file.Length || _file[at] != 0xFF || _file[at + 1] == StartOfScan) return false;
            var length = ReadUInt16BigEndian(_file[(at + 2)..]);
            if (length < 2 || at + 2 + length > _file.Length) return false;
            _at = at + 2 + length;
            Current = new Segment(_file[at + 1], _file.Slice(at + 4, length - 2), _at);
            return true;
        }
    }
}
