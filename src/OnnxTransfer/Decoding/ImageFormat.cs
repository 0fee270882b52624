namespace OnnxTransfer;

/// <summary>The formats of photographs, by their first bytes.</summary>
public enum ImageFormat
{
    /// <summary>None of the others.</summary>
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

    /// <summary>AVIF: pictures of the AV1 codec.</summary>
    Avif,

    /// <summary>HEIC: pictures of the HEVC codec, which phones write.</summary>
    Heic,

    /// <summary>Windows icon or cursor; its largest picture is taken.</summary>
    Ico,
}
