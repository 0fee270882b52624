using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>The header of a profile and the table of its tags (ICC.1:2022, 7.2 and 7.3).</summary>
/// <param name="bytes">The profile; it may be invalid.</param>
internal readonly ref struct IccTags(ReadOnlySpan<byte> bytes)
{
    private const int HeaderLength = 128;
    private const int EntryLength = 12;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>
    /// The number of channels of the profile's pixels: 1, 3 or 4 for gray, RGB and CMYK; 0 for another space or for a profile that
    /// describes no device.
    /// </summary>
    internal int Colors
    {
        get
        {
            if (_bytes.Length < HeaderLength + 4 || !_bytes[36..40].SequenceEqual("acsp"u8)) return 0;
            var kind = _bytes[12..16];
            if (kind.SequenceEqual("link"u8) || kind.SequenceEqual("abst"u8) || kind.SequenceEqual("nmcl"u8)) return 0;
            var space = _bytes[16..20];
            return space.SequenceEqual("GRAY"u8) ? 1 : space.SequenceEqual("RGB "u8) ? 3 : space.SequenceEqual("CMYK"u8) ? 4 : 0;
        }
    }

    /// <summary>Whether the connection space is CIE L*a*b*; otherwise it is XYZ.</summary>
    internal bool IsLab => _bytes[20..24].SequenceEqual("Lab "u8);

    internal bool IsXyz => _bytes[20..24].SequenceEqual("XYZ "u8);

    /// <summary>The bytes of a tag; empty if it is missing or outside of the profile.</summary>
    internal ReadOnlySpan<byte> Find(ReadOnlySpan<byte> name)
    {
        var count = ReadUInt32BigEndian(_bytes[HeaderLength..]);
        for (var i = 0; i < count; i++)
        {
            var at = HeaderLength + 4 + (EntryLength * i);
            if (at + EntryLength > _bytes.Length) break;
            if (!_bytes.Slice(at, 4).SequenceEqual(name)) continue;
            var (offset, length) = (ReadUInt32BigEndian(_bytes[(at + 4)..]), ReadUInt32BigEndian(_bytes[(at + 8)..]));
            return (ulong)offset + length <= (ulong)_bytes.Length ? _bytes.Slice((int)offset, (int)length) : [];
        }

        return [];
    }

    /// <summary>A number of the type s15Fixed16.</summary>
    internal static double Fixed(ReadOnlySpan<byte> bytes) => ReadInt32BigEndian(bytes) / 65536.0;
}
