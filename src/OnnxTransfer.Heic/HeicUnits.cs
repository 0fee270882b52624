using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Heic;

/// <summary>
/// Looks at the units of HEVC in a HEIC file (NAL units, ITU-T H.265), because the HEVC decoder conceals damage without a word. Changed
/// bits are not seen here; a hole of zeros and bytes that are missing or too many are.
/// </summary>
internal static class HeicUnits
{
    /// <summary>
    /// Whether the units of a picture do not follow one another to its end, or one holds three zeros in a row, which no encoder writes
    /// (7.4.2). A file that cannot be followed counts as sound: libheif refuses it.
    /// </summary>
    internal static bool AreDamaged(ReadOnlySpan<byte> file)
    {
        var meta = Box(file, "meta"u8);
        if (meta.Length < 4) return false;
        var places = Box(meta[4..], "iloc"u8);
        var infos = Box(meta[4..], "iinf"u8);
        if (places.Length < 8 || infos.Length < 8) return false;
        var pictures = Pictures(infos);
        var reader = new Reader(places);
        var version = reader.Number(1);
        reader.Skip(3);
        var sizes = reader.Number(2);
        var (offsetSize, lengthSize, baseSize, indexSize) = ((int)(sizes >> 12), (int)(sizes >> 8) & 15, (int)(sizes >> 4) & 15, version == 0 ? 0 : (int)sizes & 15);
        // No sound file has its bytes in more than one picture; a hostile one may name them a million times.
        long unread = file.Length;
        for (var left = reader.Number(version < 2 ? 2 : 4); left > 0 && !reader.IsPastEnd; left--)
        {
            var item = reader.Number(version < 2 ? 2 : 4);
            // 0: counted from the beginning of the file.
            var kind = version == 0 ? 0 : reader.Number(2) & 15;
            reader.Skip(2);
            var start = reader.Number(baseSize);
            var extents = (int)reader.Number(2);
            if (extents != 1)
            {
                reader.Skip(extents * (indexSize + offsetSize + lengthSize));
                continue;
            }

            reader.Skip(indexSize);
            var at = start + reader.Number(offsetSize);
            var length = reader.Number(lengthSize);
            if (reader.IsPastEnd || kind != 0 || length <= 0 || at < 0 || at > file.Length - length || length > unread || !pictures.Contains(item)) continue;
            unread -= length;
            if (IsDamaged(file.Slice((int)at, (int)length))) return true;
        }

        return false;
    }

    /// <summary>The numbers of the items that are coded by HEVC.</summary>
    private static HashSet<long> Pictures(ReadOnlySpan<byte> infos)
    {
        var pictures = new HashSet<long>();
        for (var rest = infos[(infos[0] == 0 ? 6 : 8)..]; rest.Length >= 8; rest = rest[(int)Math.Clamp(ReadUInt32BigEndian(rest), 8, (uint)rest.Length)..])
        {
            var entry = new Reader(rest[8..]);
            var version = entry.Number(1);
            entry.Skip(3);
            var item = entry.Number(version < 3 ? 2 : 4);
            entry.Skip(2);
            if (version >= 2 && entry.Number(4) == ReadUInt32BigEndian("hvc1"u8)) pictures.Add(item);
        }

        return pictures;
    }

    /// <summary>A picture's units, each behind its length in four bytes, as every encoder writes them.</summary>
    private static bool IsDamaged(ReadOnlySpan<byte> units)
    {
        while (!units.IsEmpty)
        {
            if (units.Length < 4) return true;
            long length = ReadUInt32BigEndian(units);
            if (length == 0 || length > units.Length - 4) return true;
            if (units.Slice(4, (int)length).IndexOf((ReadOnlySpan<byte>)[0, 0, 0]) >= 0) return true;
            units = units[(4 + (int)length)..];
        }

        return false;
    }

    /// <summary>The body of the first box of a name; empty where there is none.</summary>
    private static ReadOnlySpan<byte> Box(ReadOnlySpan<byte> boxes, ReadOnlySpan<byte> name)
    {
        while (boxes.Length >= 8)
        {
            long length = ReadUInt32BigEndian(boxes);
            // 1: the length has 64 bits and comes behind the name. 0: the box goes on to the end.
            var head = length == 1 && boxes.Length >= 16 ? 16 : 8;
            if (head == 16) length = ReadInt64BigEndian(boxes[8..]);
            if (length == 0) length = boxes.Length;
            if (length < head || length > boxes.Length) return [];
            if (boxes.Slice(4, 4).SequenceEqual(name)) return boxes[head..(int)length];
            boxes = boxes[(int)length..];
        }

        return [];
    }

    /// <summary>Reads numbers one after the other; behind the end come zeros.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _at;

        internal readonly bool IsPastEnd => _at > _bytes.Length;

        internal void Skip(int count) => _at += count;

        internal long Number(int size)
        {
            var number = 0L;
            for (var i = 0; i < size; i++, _at++) number = (number << 8) | (_at < _bytes.Length ? _bytes[_at] : 0L);
            return number;
        }
    }
}
