using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Vips;

/// <summary>What libvips does not tell of a TIFF file's first picture.</summary>
/// <param name="file">A file that begins as TIFF does, sound or not.</param>
internal readonly ref struct TiffHeader(ReadOnlySpan<byte> file)
{
    private const int BitsTag = 258;
    private const int CompressionTag = 259;
    private const int Lzma = 34925;
    private const int PhotometricTag = 262;
    private const int CompressionJpeg = 7;
    private const int SubsamplingTag = 530;
    private const int PlanarTag = 284;
    private const int TileWidthTag = 322;
    private const int ExtraSamplesTag = 338;
    private const int OldJpeg = 6;

    private readonly ReadOnlySpan<byte> _file = file;

    /// <summary>
    /// Whether it is compressed as JPEG in the way of TIFF 6.0, which was replaced in 1995: the libtiff inside libvips has no decoder
    /// for it and gives empty pixels without an error.
    /// </summary>
    internal bool IsOldJpeg => Find(CompressionTag) == OldJpeg;

    /// <summary>Whether pixels are CIE L*a*b*, in one of its three ways to be stored.</summary>
    internal bool IsLab => Find(PhotometricTag) is 8 or 9 or 10;

    /// <summary>
    /// Whether pixels are luma and chroma at full resolution, outside of JPEG: libvips takes them for RGB, though it converts subsampled ones.
    /// </summary>
    internal bool IsFullChroma => Find(PhotometricTag) == 6 && Find(CompressionTag) is not (OldJpeg or CompressionJpeg) && Find(SubsamplingTag) == 1
        && Find(SubsamplingTag, index: 1) == 1;

    /// <summary>Bits a sample; 1 where it is not said.</summary>
    internal int Bits => Find(BitsTag) ?? 1;

    /// <summary>Whether it is compressed as LZMA, which libvips is built without.</summary>
    internal bool IsLzma => Find(CompressionTag) == Lzma;

    /// <summary>Whether each channel has tiles of its own.</summary>
    internal bool IsTiledPlanes => Find(PlanarTag) == 2 && Find(TileWidthTag) is not null;

    /// <summary>
    /// Whether the first sample behind the colours is alpha: it is said to be, or nothing is said of it. 0 says that nobody knows
    /// what it is.
    /// </summary>
    internal bool HasAlpha => Find(ExtraSamplesTag) is not 0;

    private bool IsLittleEndian => _file.Length > 0 && _file[0] == (byte)'I';

    /// <summary>A number of a tag of shorts or bytes; null where there is none.</summary>
    private int? Find(int tag, int index = 0)
    {
        if (_file.Length < 16) return null;
        var isBig = Short(2) == 43;
        var (countBytes, entryBytes, valueAt) = isBig ? (8, 20, 12) : (2, 12, 8);
        var directory = isBig ? Long(8) : UInt(4);
        if (directory > (ulong)(_file.Length - countBytes)) return null;

        var at = (int)directory + countBytes;
        for (var entries = isBig ? Long((int)directory) : (ulong)Short((int)directory); entries > 0 && at <= _file.Length - entryBytes; entries--, at += entryBytes)
        {
            if (Short(at) != tag) continue;
            var (type, values) = (Short(at + 2), isBig ? Long(at + 4) : UInt(at + 4));
            var width = type is 1 ? 1 : 2;
            var here = at + valueAt;
            // Numbers that do not fit into the entry are elsewhere.
            if (values * (ulong)width > (isBig ? 8u : 4u))
            {
                var offset = isBig ? Long(here) : UInt(here);
                if (offset > (ulong)(_file.Length - 2)) return null;
                here = (int)offset;
            }

            here += width * index;
            if ((ulong)index >= values || here > _file.Length - 2) return null;
            return width == 1 ? _file[here] : Short(here);
        }

        return null;
    }

    private int Short(int at) => IsLittleEndian ? ReadUInt16LittleEndian(_file[at..]) : ReadUInt16BigEndian(_file[at..]);

    private ulong UInt(int at) => IsLittleEndian ? ReadUInt32LittleEndian(_file[at..]) : ReadUInt32BigEndian(_file[at..]);

    private ulong Long(int at) => IsLittleEndian ? ReadUInt64LittleEndian(_file[at..]) : ReadUInt64BigEndian(_file[at..]);
}
