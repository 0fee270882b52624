namespace OnnxTransfer;

/// <summary>
/// Which copies of an image are used besides the image itself. In training, each copy of a training image is one more row
/// (<see cref="TrainingPlan.Augment"/>). In prediction, the vector of an image is the mean over the image and its copies
/// (<see cref="FeatureExtractorOptions.Augment"/>).
/// </summary>
public enum Augmentation
{
    /// <summary>The image as the network's preprocessing gives it, and no copy.</summary>
    None,

    /// <summary>The image and its mirror image, left and right exchanged: 2 views.</summary>
    Flip,

    /// <summary>
    /// The image and four crops at its corners: 5 views. The crops are those of torchvision's <c>FiveCrop</c>: the image is resized as always, and the
    /// window lies at a corner. Where the resize leaves the window less than 1/8 of its side to move, the image is resized to 8/7 of
    /// the window, as 256 pixels are to 224.
    /// </summary>
    Crops,

    /// <summary>Both: <see cref="Crops"/>, each also mirrored: 10 views, as Krizhevsky et al. (2012) tested with.</summary>
    FlipAndCrops,
}
