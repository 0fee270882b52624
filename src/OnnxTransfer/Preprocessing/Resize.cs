using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// How an image of any size is brought to the size of a network's input: <see cref="Stretch"/> or <see cref="ShortestEdge(int, int)"/>,
/// each with a crop from the center. An impossible size is refused when it is given.
/// </summary>
public abstract record Resize
{
    private protected Resize()
    {
    }

    /// <summary>Width and height in pixels of the result, the same for every image.</summary>
    public abstract ImageSize OutputSize { get; }

    /// <summary>
    /// Where the crop begins if an odd number of pixels is cut off. It makes a difference of one pixel. By default as torchvision and
    /// timm do.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the enumeration.</exception>
    public CropRounding CropRounding { get; init => field = Require.Defined(value, nameof(CropRounding)); }

    /// <summary>Stretches every image to one size; its proportions may change.</summary>
    /// <param name="width">Width in pixels, from 1 to 16384.</param>
    /// <param name="height">Height in pixels, from 1 to 16384.</param>
    /// <param name="crop">
    /// The crop that is cut from the center afterward, with no side longer than the image; null keeps everything.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A side is out of range, or the crop is larger than the image that it is cut from.
    /// </exception>
    public static StretchResize Stretch(int width, int height, ImageSize? crop = null) => new(width, height, crop);

    /// <summary>Brings the shorter side to a length, the longer in proportion, and cuts a square from the center.</summary>
    /// <param name="edge">The length of the shorter side in pixels, from 1 to 16384.</param>
    /// <param name="crop">The side of the square in pixels, from 1 to <paramref name="edge"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is out of range, or the crop is larger than the edge.</exception>
    public static ShortestEdgeResize ShortestEdge(int edge, int crop) => new(edge, new ImageSize(crop, crop));

    /// <summary>Brings the shorter side to a length, the longer in proportion, and cuts a rectangle from the center.</summary>
    /// <param name="edge">The length of the shorter side in pixels, from 1 to 16384.</param>
    /// <param name="crop">The rectangle in pixels, no side of it longer than <paramref name="edge"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length is out of range, or the crop is larger than the edge.</exception>
    public static ShortestEdgeResize ShortestEdge(int edge, ImageSize crop) => new(edge, crop);

    /// <summary>The size that an image of a size has after the resize and before the crop.</summary>
    internal abstract ImageSize Resized(int sourceWidth, int sourceHeight);

    /// <summary>The same with another rounding of the crop.</summary>
    internal Resize Rounded(CropRounding rounding) => this with { CropRounding = rounding };

    /// <summary>What follows from the kind; a new kind does not compile before every place knows it.</summary>
    internal abstract T Match<T>(Func<StretchResize, T> stretch, Func<ShortestEdgeResize, T> shortestEdge);

    private protected static ImageSize CheckedCrop(ImageSize crop, int width, int height)
    {
        Require.Side(crop.Width, "crop");
        Require.Side(crop.Height, "crop");
        if (crop.Width > width || crop.Height > height) Throw.CropNotInside("crop", crop.Width, crop.Height, width, height);
        return crop;
    }
}

/// <summary>Every image is stretched to one size; <see cref="Resize.Stretch"/> makes this.</summary>
public sealed record StretchResize : Resize
{
    internal StretchResize(int width, int height, ImageSize? crop)
    {
        (Width, Height) = (Require.Side(width, nameof(width)), Require.Side(height, nameof(height)));
        Crop = crop is { } size ? CheckedCrop(size, width, height) : null;
    }

    /// <summary>Width in pixels before the crop.</summary>
    public int Width { get; }

    /// <summary>Height in pixels before the crop.</summary>
    public int Height { get; }

    /// <summary>The crop that is cut from the center afterward, in pixels; null for no crop.</summary>
    public ImageSize? Crop { get; }

    /// <inheritdoc/>
    public override ImageSize OutputSize => Crop ?? new ImageSize(Width, Height);

    internal override ImageSize Resized(int sourceWidth, int sourceHeight) => new(Width, Height);

    internal override T Match<T>(Func<StretchResize, T> stretch, Func<ShortestEdgeResize, T> shortestEdge) => stretch(this);
}

/// <summary>
/// The shorter side is brought to a length, and the center is cut out; <see cref="Resize.ShortestEdge(int, int)"/> makes this.
/// </summary>
public sealed record ShortestEdgeResize : Resize
{
    internal ShortestEdgeResize(int edge, ImageSize crop)
    {
        Edge = Require.Side(edge, nameof(edge));
        Crop = CheckedCrop(crop, edge, edge);
    }

    /// <summary>Pixels of a resized side within which positions times a channel or a filter's factor stay numbers of 32 bits.</summary>
    private const int LongestSide = 1 << 28;

    /// <summary>The length in pixels that the shorter side is brought to; the longer follows in proportion, truncated, as in torchvision.</summary>
    public int Edge { get; }

    /// <summary>The crop that is cut from the center afterward, in pixels.</summary>
    public ImageSize Crop { get; }

    /// <inheritdoc/>
    public override ImageSize OutputSize => Crop;

    // torchvision's Resize truncates the longer side.
    internal override ImageSize Resized(int sourceWidth, int sourceHeight)
    {
        var longer = (long)Edge * Math.Max(sourceWidth, sourceHeight) / Math.Min(sourceWidth, sourceHeight);
        if (longer > LongestSide) Throw.ImageTooNarrow(sourceWidth, sourceHeight, Edge);
        return sourceWidth <= sourceHeight ? new ImageSize(Edge, (int)longer) : new ImageSize((int)longer, Edge);
    }

    internal override T Match<T>(Func<StretchResize, T> stretch, Func<ShortestEdgeResize, T> shortestEdge) => shortestEdge(this);
}

/// <summary>The rounding of half a pixel where a center crop begins.</summary>
public enum CropRounding
{
    /// <summary>To the even number, as torchvision's <c>CenterCrop</c> and timm: 17.5 becomes 18, 16.5 becomes 16.</summary>
    HalfToEven,

    /// <summary>Down, as Hugging Face's image processors: 17.5 becomes 17.</summary>
    Down,
}
