namespace OnnxTransfer.Preprocessing;

/// <summary>From which size to which, and the window of the result that is kept. All in pixels.</summary>
internal readonly record struct ResizeGeometry(
    int SourceWidth, int SourceHeight, int ResizedWidth, int ResizedHeight, int Left, int Top, int Width, int Height)
{
    /// <summary>The filter that takes the place of the spec's, for an image that is enlarged; null for all others.</summary>
    internal ResizeFilter? Upsampling { get; init; }

    /// <summary>Whether the window is mirrored left to right once it is resized.</summary>
    internal bool IsMirrored { get; init; }

    /// <summary>A resize without a crop.</summary>
    internal static ResizeGeometry Stretch(int sourceWidth, int sourceHeight, int width, int height) =>
        new(sourceWidth, sourceHeight, width, height, 0, 0, width, height);

    /// <summary>What <paramref name="spec"/> does to an image of a size, seen in one way.</summary>
    internal static ResizeGeometry For(PreprocessSpec spec, int sourceWidth, int sourceHeight, ImageView view = default)
    {
        var plain = Plain(spec, sourceWidth, sourceHeight) with { IsMirrored = view.IsMirrored };
        return view.Window == CropWindow.Center ? plain : plain.AtCorner(view.Window);
    }

    private static ResizeGeometry Plain(PreprocessSpec spec, int sourceWidth, int sourceHeight)
    {
        if (spec.Upsampling is { } filter && spec.OutputSize is var input && sourceWidth <= input.Width && sourceHeight <= input.Height)
            return Stretch(sourceWidth, sourceHeight, input.Width, input.Height) with { Upsampling = filter };
        var (width, height) = spec.Resize.Resized(sourceWidth, sourceHeight);
        var kept = spec.OutputSize;
        var rounding = spec.Resize.CropRounding;
        return new(
            sourceWidth, sourceHeight, width, height, CropStart(width, kept.Width, rounding), CropStart(height, kept.Height, rounding), kept.Width, kept.Height);
    }

    /// <summary>
    /// The window at a corner. It needs room to move: the resized image is at least 8/7 as long as the window on both sides, in the
    /// proportions that the resize gave it.
    /// </summary>
    private ResizeGeometry AtCorner(CropWindow window)
    {
        const double Room = 8 / 7.0;
        var factor = Math.Max(1, Room * Math.Max((double)Width / ResizedWidth, (double)Height / ResizedHeight));
        var (width, height) = ((int)Math.Round(ResizedWidth * factor), (int)Math.Round(ResizedHeight * factor));
        return this with
        {
            ResizedWidth = width,
            ResizedHeight = height,
            Left = window is CropWindow.TopRight or CropWindow.BottomRight ? width - Width : 0,
            Top = window is CropWindow.BottomLeft or CropWindow.BottomRight ? height - Height : 0,
        };
    }

    private static int CropStart(int length, int kept, CropRounding rounding) => rounding == CropRounding.Down
        ? (length - kept) / 2
        : (int)Math.Round((length - kept) / 2.0, MidpointRounding.ToEven);
}
