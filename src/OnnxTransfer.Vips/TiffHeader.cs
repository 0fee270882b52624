using OnnxTransfer.Decoding.Containers;

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

    private readonly TiffDirectory _tags = new(file);

    /// <summary>
    /// Whether it is compressed as JPEG in the way of TIFF 6.0, which was replaced in 1995: the libtiff inside libvips has no decoder
    /// for it and gives empty pixels without an error.
    /// </summary>
    internal bool IsOldJpeg => _tags.Number(CompressionTag) == OldJpeg;

    /// <summary>Whether pixels are CIE L*a*b*, in one of its three ways to be stored.</summary>
    internal bool IsLab => _tags.Number(PhotometricTag) is 8 or 9 or 10;

    /// <summary>
    /// Whether pixels are luma and chroma at full resolution, outside of JPEG: libvips takes them for RGB, though it converts subsampled ones.
    /// </summary>
    internal bool IsFullChroma => _tags.Number(PhotometricTag) == 6 && _tags.Number(CompressionTag) is not (OldJpeg or CompressionJpeg) && _tags.Number(SubsamplingTag) == 1
        && _tags.Number(SubsamplingTag, index: 1) == 1;

    /// <summary>Bits a sample; 1 where it is not said.</summary>
    internal long Bits => _tags.Number(BitsTag) ?? 1;

    /// <summary>Whether it is compressed as LZMA, which libvips is built without.</summary>
    internal bool IsLzma => _tags.Number(CompressionTag) == Lzma;

    /// <summary>Whether it is stored in tiles rather than strips.</summary>
    internal bool IsTiled => _tags.Number(TileWidthTag) is not null;

    /// <summary>Whether each channel has tiles of its own.</summary>
    internal bool IsTiledPlanes => _tags.Number(PlanarTag) == 2 && IsTiled;

    /// <summary>
    /// Whether the first sample behind the colors is alpha: it is said to be, or nothing is said of it. 0 says that nobody knows
    /// what it is.
    /// </summary>
    internal bool HasAlpha => _tags.Number(ExtraSamplesTag) is not 0;
}
