namespace OnnxTransfer.Preprocessing;

/// <summary>The window of a resized image that becomes the input of the network.</summary>
internal enum CropWindow
{
    Center,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
}

/// <summary>One way to prepare an image: where the window lies, and whether the result is mirrored left to right.</summary>
internal readonly record struct ImageView(CropWindow Window, bool IsMirrored)
{
    private static readonly CropWindow[] s_windows = Enum.GetValues<CropWindow>();

    /// <summary>The preprocessing as the model states it.</summary>
    internal static ImageView Plain => default;

    internal bool IsPlain => this == Plain;

    /// <summary>The views of an augmentation; <see cref="Plain"/> is the first.</summary>
    internal static IReadOnlyList<ImageView> Of(Augmentation augmentation) => augmentation switch
    {
        Augmentation.None => [Plain],
        Augmentation.Flip => [Plain, Plain with { IsMirrored = true }],
        Augmentation.Crops => [.. s_windows.Select(window => new ImageView(window, IsMirrored: false))],
        _ => [.. s_windows.Select(window => new ImageView(window, IsMirrored: false)), .. s_windows.Select(window => new ImageView(window, IsMirrored: true))],
    };
}
