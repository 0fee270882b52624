using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding;

/// <summary>The tags of TIFF and BigTIFF that say how much memory a decode takes.</summary>
internal readonly ref struct TiffTags
{
    private const int MostPages = 100_000;

    private readonly ReadOnlySpan<byte> _file;
    private readonly bool _isLittleEndian;
    private readonly bool _isBig;

    private TiffTags(ReadOnlySpan<byte> file)
    {
        _file = file;
        _isLittleEndian = file[0] == (byte)'I';
        _isBig = (_isLittleEndian ? file[2] : file[3]) == 43;
    }

    private int EntryLength => _isBig ? 20 : 12;

    private int CountLength => _isBig ? 8 : 2;

    /// <summary>Reads the first picture's tags and counts the pictures.</summary>
    internal static ImageHeader Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 16) return default;
        var tags = new TiffTags(file);
        var directory = tags._isBig ? tags.Long(8) : tags.Int(4);
        var header = tags.Directory(directory);
        var pages = 0;
        while (directory > 0 && directory <= file.Length - tags.CountLength && pages < MostPages)
        {
            pages++;
            var next = directory + tags.CountLength + (tags.Entries(directory) * tags.EntryLength);
            if (next + (tags._isBig ? 8 : 4) > file.Length) break;
            directory = tags._isBig ? tags.Long((int)next) : tags.Int((int)next);
        }

        return header with { Frames = pages };
    }

    private ImageHeader Directory(long directory)
    {
        if (directory <= 0 || directory > _file.Length - CountLength) return default;
        long width = 0, height = 0, rows = 0, tileWidth = 0, tileHeight = 0, channels = 1, bits = 8;
        var isTurned = false;
        var entries = Entries(directory);
        for (var i = 0L; i < entries; i++)
        {
            var at = directory + CountLength + (i * EntryLength);
            if (at + EntryLength > _file.Length) break;
            var value = Value((int)at);
            switch (Short((int)at))
            {
                case 256: width = value; break;
                case 257: height = value; break;
                case 258: bits = Bits((int)at, value); break;
                case 274: isTurned = value != 1; break;
                case 277: channels = value; break;
                case 278: rows = value; break;
                case 322: tileWidth = value; break;
                case 323: tileHeight = value; break;
            }
        }

        return new ImageHeader
        {
            Width = width,
            Height = height,
            Channels = (int)Math.Clamp(channels, 1, ushort.MaxValue),
            Bits = (int)Math.Clamp(bits, 1, 64),
            MayBeTurned = isTurned,
            BlockPixels = tileWidth > 0 ? Math.Min(tileWidth, int.MaxValue) * Math.Min(tileHeight, int.MaxValue) : Math.Min(width, int.MaxValue) * Math.Min(rows is 0 ? height : Math.Min(rows, height), int.MaxValue),
        };
    }

    private long Entries(long directory) => _isBig ? Math.Clamp(Long((int)directory), 0, ushort.MaxValue) : Short((int)directory);

    /// <summary>The bits of the first channel, which stand elsewhere when there are several.</summary>
    private long Bits(int at, long value)
    {
        var count = _isBig ? Long(at + 4) : Int(at + 4);
        if (count <= (_isBig ? 4 : 2)) return Short(at + (_isBig ? 12 : 8));
        return value >= 0 && value <= _file.Length - 2 ? Short((int)value) : 16;
    }

    private long Value(int at)
    {
        var place = at + (_isBig ? 12 : 8);
        var isOne = (_isBig ? Long(at + 4) : Int(at + 4)) == 1;
        return Short(at + 2) switch
        {
            3 when isOne => Short(place),
            16 or 17 or 18 => Long(place),
            _ => _isBig && !isOne ? Long(place) : Int(place),
        };
    }

    private int Short(int at) => _isLittleEndian ? ReadUInt16LittleEndian(_file[at..]) : ReadUInt16BigEndian(_file[at..]);

    private long Int(int at) => _isLittleEndian ? ReadUInt32LittleEndian(_file[at..]) : ReadUInt32BigEndian(_file[at..]);

    /// <summary>A number of 8 bytes; what is beyond any file is all the same.</summary>
    private long Long(int at) => (long)Math.Min(long.MaxValue, _isLittleEndian ? ReadUInt64LittleEndian(_file[at..]) : ReadUInt64BigEndian(_file[at..]));
}
