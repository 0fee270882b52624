namespace OnnxTransfer;

/// <summary>The supported image formats, recognized by the first bytes of a file.</summary>
public enum ImageFormat
{
    /// <summary>None of the other formats.</summary>
    Unknown,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>WebP.</summary>
    Webp,

    /// <summary>TIFF and BigTIFF.</summary>
    Tiff,

    /// <summary>Windows bitmap.</summary>
    Bmp,

    /// <summary>AVIF: images with the AV1 codec.</summary>
    Avif,

    /// <summary>HEIC: images with the HEVC codec, the format that phones write.</summary>
    Heic,

    /// <summary>Windows icon or cursor; the largest picture in it is decoded.</summary>
    Ico,
}
