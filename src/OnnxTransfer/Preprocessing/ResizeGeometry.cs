namespace OnnxTransfer.Preprocessing;

/// <summary>From which size to which, and the window of the result that is kept. All in pixels.</summary>
internal readonly record struct ResizeGeometry(
    int SourceWidth, int SourceHeight, int ResizedWidth, int ResizedHeight, int Left, int Top, int Width, int Height)
{
    /// <summary>The filter that takes the place of the spec's, for an image that is enlarged; null for all others.</summary>
    internal ResizeFilter? Upsampling { get; init; }

    /// <summary>A resize without a crop.</summary>
    internal static ResizeGeometry Stretch(int sourceWidth, int sourceHeight, int width, int height) =>
        new(sourceWidth, sourceHeight, width, height, 0, 0, width, height);

    /// <summary>What <paramref name="spec"/> does to an image of a size.</summary>
    internal static ResizeGeometry For(PreprocessSpec spec, int sourceWidth, int sourceHeight)
    {
        if (spec.Upsampling is { } filter && spec.OutputSize is var input && sourceWidth <= input.Width && sourceHeight <= input.Height)
            return Stretch(sourceWidth, sourceHeight, input.Width, input.Height) with { Upsampling = filter };
        var (width, height) = spec.Resize.Resized(sourceWidth, sourceHeight);
        var kept = spec.OutputSize;
        var rounding = spec.Resize.CropRounding;
        return new(
            sourceWidth, sourceHeight, width, height, CropStart(width, kept.Width, rounding), CropStart(height, kept.Height, rounding), kept.Width, kept.Height);
    }

    private static int CropStart(int length, int kept, CropRounding rounding) => rounding == CropRounding.Down
        ? (length - kept) / 2
        : (int)Math.Round((length - kept) / 2.0, MidpointRounding.ToEven);
}
