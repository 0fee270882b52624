using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The tags of the first picture of a TIFF or BigTIFF file. Never reads outside the file.</summary>
internal readonly ref struct TiffDirectory
{
    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isLittleEndian;
    private readonly bool _isBig;
    private readonly int _entries;
    private readonly int _count;

    /// <param name="file">A file that begins as TIFF does, sound or not.</param>
    internal TiffDirectory(ReadOnlySpan<byte> file)
    {
        _file = file;
        if (file.Length < 8) return;
        _isLittleEndian = file[0] == (byte)'I';
        _isBig = Short(2) == 43;
        if (_isBig && file.Length < 16) return;
        var directory = _isBig ? Number(8, 8) : Number(4, 4);
        var head = _isBig ? 8 : 2;
        if (directory > file.Length - head) return;
        _entries = (int)directory + head;
        _count = (int)Math.Min(Number((int)directory, head), (file.Length - _entries) / EntryLength);
    }

    private int EntryLength => _isBig ? 20 : 12;

    /// <summary>The first number of a tag; null where the tag is missing or is no number.</summary>
    internal long? Number(int tag)
    {
        if (!Find(tag, out var entry)) return null;
        var (size, inline) = (SizeOf(entry), _isBig ? 8L : 4L);
        if (size is 0 or > 8) return null;
        var count = CountOf(entry);
        if (count < 1) return null;
        var at = entry + (_isBig ? 12 : 8);
        if (size * Math.Min(count, int.MaxValue) > inline)
        {
            var elsewhere = Number(at, (int)inline);
            if (elsewhere > _file.Length - size) return null;
            at = (int)elsewhere;
        }

        return Number(at, size);
    }

    /// <summary>The bytes of a tag; empty where the tag is missing or points outside the file.</summary>
    internal ReadOnlySpan<byte> Bytes(int tag)
    {
        if (!Find(tag, out var entry)) return default;
        var (at, inline) = (entry + (_isBig ? 12 : 8), _isBig ? 8 : 4);
        var count = CountOf(entry);
        if (SizeOf(entry) != 1 || count < 0) return default;
        if (count <= inline) return _file.Slice(at, (int)count);
        var elsewhere = Number(at, inline);
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

    private long CountOf(int entry) => Number(entry + 4, _isBig ? 8 : 4);

    /// <summary>Bytes of one value of the entry's type (TIFF 6.0, page 15; BigTIFF has three more); 0 for a type that does not exist.</summary>
    private int SizeOf(int entry) => Short(entry + 2) switch
    {
        1 or 2 or 6 or 7 => 1,
        3 or 8 => 2,
        4 or 9 or 11 or 13 => 4,
        5 or 10 or 12 or 16 or 17 or 18 => 8,
        _ => 0,
    };

    private int Short(int at) => _isLittleEndian ? ReadUInt16LittleEndian(_file[at..]) : ReadUInt16BigEndian(_file[at..]);

    /// <summary>An unsigned number; what does not fit into a long is its greatest value.</summary>
    private long Number(int at, int size)
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
