using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Vips;

/// <summary>Facts about the first picture of a TIFF file that libvips does not report.</summary>
/// <param name="file">A file with a TIFF signature; the rest may be invalid.</param>
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
    /// Whether the picture has the JPEG compression of TIFF 6.0, which was replaced in 1995. The libtiff inside libvips cannot decode it
    /// and gives empty pixels without an error.
    /// </summary>
    internal bool IsOldJpeg => _tags.Number(CompressionTag) == OldJpeg;

    /// <summary>Whether pixels are CIE L*a*b*, in one of its three TIFF encodings.</summary>
    internal bool IsLab => _tags.Number(PhotometricTag) is 8 or 9 or 10;

    /// <summary>
    /// Whether pixels are luma and chroma at full resolution without JPEG compression. libvips converts subsampled ones but takes these for
    /// RGB.
    /// </summary>
    internal bool IsFullChroma => _tags.Number(PhotometricTag) == 6 && _tags.Number(CompressionTag) is not (OldJpeg or CompressionJpeg) && _tags.Number(SubsamplingTag) == 1
        && _tags.Number(SubsamplingTag, index: 1) == 1;

    /// <summary>Bits per sample; 1 if the file does not state it.</summary>
    internal long Bits => _tags.Number(BitsTag) ?? 1;

    /// <summary>Whether the compression is LZMA, which this build of libvips does not support.</summary>
    internal bool IsLzma => _tags.Number(CompressionTag) == Lzma;

    /// <summary>Whether it is stored in tiles rather than strips.</summary>
    internal bool IsTiled => _tags.Number(TileWidthTag) is not null;

    /// <summary>Whether each channel has its own tiles.</summary>
    internal bool IsTiledPlanes => _tags.Number(PlanarTag) == 2 && IsTiled;

    /// <summary>
    /// Whether the first sample after the colors is alpha. It is if the file says so, or says nothing; the value 0 means an unspecified
    /// sample.
    /// </summary>
    internal bool HasAlpha => _tags.Number(ExtraSamplesTag) is not 0;
}
