using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The tags of the first picture of a TIFF or BigTIFF file. Never reads outside the file.</summary>
internal readonly ref struct TiffDirectory
{
    /// <summary>The most entries that are read; no image needs more.</summary>
    private const int MostEntries = ushort.MaxValue;

    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isLittleEndian;
    private readonly bool _isBig;
    private readonly long _first;
    private readonly int _entries;
    private readonly int _count;

    /// <param name="file">A file with a TIFF signature; the rest may be invalid.</param>
    internal TiffDirectory(ReadOnlySpan<byte> file)
    {
        _file = file;
        if (file.Length < 8) return;
        _isLittleEndian = file[0] == (byte)'I';
        _isBig = Short(2) == 43;
        if (_isBig && file.Length < 16) return;
        _first = _isBig ? NumberAt(8, 8) : NumberAt(4, 4);
        if (_first > file.Length - HeadLength) return;
        _entries = (int)_first + HeadLength;
        _count = (int)Math.Min(EntriesOf(_first), (file.Length - _entries) / EntryLength);
    }

    private int EntryLength => _isBig ? 20 : 12;

    /// <summary>The bytes of the number of entries, which precedes them.</summary>
    private int HeadLength => _isBig ? 8 : 2;

    /// <summary>Counts the pictures of the file.</summary>
    /// <param name="most">The largest count to return. It also ends the counting of a chain that forms a loop.</param>
    internal int Pictures(int most)
    {
        var (pictures, link) = (0, _isBig ? 8 : 4);
        for (var directory = _first; directory > 0 && directory <= _file.Length - HeadLength && pictures < most;)
        {
            pictures++;
            var next = directory + HeadLength + (EntriesOf(directory) * EntryLength);
            if (next > _file.Length - link) break;
            directory = NumberAt((int)next, link);
        }

        return pictures;
    }

    /// <summary>The number of values of a tag; 0 if the tag is missing.</summary>
    internal long Count(int tag) => Find(tag, out var entry) ? CountOf(entry) : 0;

    /// <summary>A number of a tag; null if the tag is missing, is not a number, or has no value at that index.</summary>
    internal long? Number(int tag, int index = 0)
    {
        if (!Find(tag, out var entry)) return null;
        var (size, inline) = (SizeOf(entry), _isBig ? 8L : 4L);
        if (size is 0 or > 8) return null;
        var count = CountOf(entry);
        if (count <= index) return null;
        var at = entry + (_isBig ? 12 : 8);
        if (size * Math.Min(count, int.MaxValue) > inline)
        {
            var elsewhere = NumberAt(at, (int)inline);
            if (elsewhere > _file.Length - (size * (index + 1))) return null;
            at = (int)elsewhere;
        }

        return NumberAt(at + (size * index), size);
    }

    /// <summary>The bytes of a tag; empty if the tag is missing or points outside the file.</summary>
    internal ReadOnlySpan<byte> Bytes(int tag)
    {
        if (!Find(tag, out var entry)) return default;
        var (at, inline) = (entry + (_isBig ? 12 : 8), _isBig ? 8 : 4);
        var count = CountOf(entry);
        if (SizeOf(entry) != 1 || count < 0) return default;
        if (count <= inline) return _file.Slice(at, (int)count);
        var elsewhere = NumberAt(at, inline);
        return elsewhere >= 0 && elsewhere <= _file.Length && count <= _file.Length - elsewhere ? _file.Slice((int)elsewhere, (int)count) : default;
    }

    private bool Find(int tag, out int entry)
    {
        for (var i = 0; i < _count; i++)
        {
            entry = _entries + (i * EntryLength);
            if (Short(entry) == tag) return true;
        }

        entry = 0;
        return false;
    }

    private long EntriesOf(long directory) => Math.Min(NumberAt((int)directory, HeadLength), MostEntries);

    private long CountOf(int entry) => NumberAt(entry + 4, _isBig ? 8 : 4);

    /// <summary>Bytes per value of the entry's type (TIFF 6.0, page 15; BigTIFF has three more types); 0 for an unknown type.</summary>
    private int SizeOf(int entry) => Short(entry + 2) switch
    {
        1 or 2 or 6 or 7 => 1,
        3 or 8 => 2,
        4 or 9 or 11 or 13 => 4,
        5 or 10 or 12 or 16 or 17 or 18 => 8,
        _ => 0,
    };

    private int Short(int at) => _isLittleEndian ? ReadUInt16LittleEndian(_file[at..]) : ReadUInt16BigEndian(_file[at..]);

    /// <summary>An unsigned number. A number that does not fit into a long becomes the greatest long.</summary>
    private long NumberAt(int at, int size)
    {
        var bytes = _file.Slice(at, size);
        return size switch
        {
            1 => bytes[0],
            2 => Short(at),
            4 => _isLittleEndian ? ReadUInt32LittleEndian(bytes) : ReadUInt32BigEndian(bytes),
            _ => (long)Math.Min(_isLittleEndian ? ReadUInt64LittleEndian(bytes) : ReadUInt64BigEndian(bytes), long.MaxValue),
        };
    }
}
