using OnnxTransfer.Data;
using OnnxTransfer.Internals;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <summary>How a classifier of images is trained: the <see cref="TrainingOptions"/> of its head, and how the images are used.</summary>
public sealed record TrainingPlan : TrainingOptions
{
    /// <summary>
    /// The percentages of each class for training, validation and test; null, the default, for 80, 10 and 10 if the images do not state
    /// their set (<see cref="Split"/>). A set of its own in the data takes no share of the other images. Data that are fully divided
    /// into sets accept no <see cref="Split"/>.
    /// </summary>
    public SplitPercentages? Split { get; init; }

    /// <summary>
    /// Chooses the L2 of a linear head, and whether to standardize, by cross-validation on the training images, as
    /// <c>ClassifierHead.Tune</c> does, and trains with the choice. The options of a head that the choice does not use must keep
    /// their defaults. Null, the default, for no choice.
    /// </summary>
    public TuningOptions? Tuning { get; init; }

    /// <summary>
    /// The share of images, 0 to 1, that may be unusable; 0.05 by default. If more are unusable, training fails and lists them.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double MaxBad { get; init => field = Require.Share(value, nameof(MaxBad)); } = 0.05;

    /// <summary>
    /// Whether near duplicates are looked for before the images are divided; true by default. Near duplicates then stay in one set, so that a
    /// test does not measure what was memorized, and <see cref="TrainingResult.Leaks"/> lists near duplicates across the sets that the data
    /// state themselves. The search compares all vectors, and reads the photos of the nearest pairs once more. Without near duplicates, the
    /// division is the same as without the search.
    /// </summary>
    public bool KeepDuplicatesTogether { get; init; } = true;

    /// <summary>
    /// The copies of the training images that are learned from besides the images themselves; none by default. Each copy is one more
    /// training row, with the class and the weight of its image, and costs one more run of the network. Copies of validation and test images
    /// are never made. The gain is largest with few images in each class; <c>docs/heads.md</c> has measured it.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not in the enumeration.</exception>
    public Augmentation Augment { get; init => field = Require.Defined(value, nameof(Augment)); }

    /// <summary>
    /// Whether the classifier keeps the vectors of all its images, in its file too, so that <see cref="ImageClassifier.ExtendAsync"/> can add and
    /// remove classes without the images; false by default. The file grows by 16/3 bytes a number: 2.7 MB for 1,000 vectors of 512 numbers, 6.8 MB
    /// of 1280. Copies (<see cref="Augment"/>) are kept too. At most 256 MiB of vectors can be kept.
    /// </summary>
    public bool KeepFeatures { get; init; }

    /// <summary>Images per run of the network; 0, the default, for the number that suits the provider.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int EmbeddingBatchSize { get; init => field = Require.NotNegative(value, nameof(EmbeddingBatchSize)); }

    /// <summary>
    /// Whether the validation images, after the training, also give the temperature of the probabilities and the scores for sets of classes
    /// (<see cref="ImageClassifier.Calibration"/>). They must be a set of the data or of the <see cref="Split"/>.
    /// </summary>
    public bool Calibrate { get; init; }

    /// <summary>The classifier's <see cref="ImageClassifier.UnknownBelow"/>, 0 to 1; 0, the default, for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double UnknownBelow { get; init => field = Require.Probability(value, nameof(UnknownBelow)); }

    /// <summary>
    /// Refuses values that exclude each other or contradict the images, as <see cref="ImageClassifier.TrainAsync"/> does before it
    /// reads the first image. A program can call it before it opens a backbone.
    /// </summary>
    /// <param name="images">The images with their classes. No image is read.</param>
    /// <exception cref="ArgumentException">The plan contradicts the images; the message names the value.</exception>
    /// <exception cref="DatasetException">There is only one class, or a class has no training image.</exception>
    public void Validate(ImageDataset images)
    {
        ArgumentNullException.ThrowIfNull(images);
        Validate();
        if (Tuning is not null) TrainingChecks.LeavesHeadOpen(this, nameof(Tuning));
        // The copies of a held-out row would be learned from.
        if (Augment != Augmentation.None && ValidationFraction > 0) Throw.OptionsExclude(nameof(Augment), $"{nameof(ValidationFraction)} (set the share of validation images in {nameof(Split)})");
        if (images.Classes.Count == 1) Throw.DatasetHasOneClass(images.Source, images.Classes[0]);
        ValidateSets(images);
        var hasValidation = ValidatesOn(images);
        if (hasValidation && ValidationFraction > 0) Throw.OptionsExclude(nameof(ValidationFraction), "a validation set of the data");
        if (Calibrate && !hasValidation) Throw.CalibrationNeedsValidation(nameof(Calibrate), images.Source);
        TrainingChecks.Fit(this, labelCount: 0, images.Classes.Count, hasValidation || ValidationFraction > 0);
    }

    /// <summary>Refuses values that exclude each other or contradict the images that a classifier is extended by.</summary>
    /// <param name="images">The new images; null for none.</param>
    /// <param name="hasValidation">Whether the classifier has kept validation vectors.</param>
    /// <param name="classCount">C of the extended classifier.</param>
    internal void ValidateExtension(ImageDataset? images, bool hasValidation, int classCount)
    {
        Validate();
        if (ValidationFraction > 0) Throw.OptionsExclude(nameof(ValidationFraction), $"the sets that a classifier keeps (set the share of new validation images in {nameof(Split)})");
        if (Tuning is not null) Throw.OptionsExclude(nameof(Tuning), "the extension of a classifier, whose weights it starts from");
        if (images is not null) ValidateSets(images);
        var validates = hasValidation || (images is not null && ValidatesOn(images));
        if (Calibrate && !validates) Throw.CalibrationNeedsValidation(nameof(Calibrate), images?.Source ?? "the classifier");
        TrainingChecks.Fit(this, labelCount: 0, classCount, validates);
    }

    private bool ValidatesOn(ImageDataset images) => images.Has(DataSplit.Validation) || (images.Has(DataSplit.Auto) && Percentages(images).Validation > 0);

    private void ValidateSets(ImageDataset images)
    {
        var hasOpen = images.Has(DataSplit.Auto);
        if (Split is { } split)
        {
            if (!hasOpen) Throw.SplitOfSplitData(images.Source, split.ToString());
            if (split.Validation > 0 && images.Has(DataSplit.Validation)) Throw.SplitOfGivenSet(images.Source, split.ToString(), DataSplits.Name(DataSplit.Validation));
            if (split.Test > 0 && images.Has(DataSplit.Test)) Throw.SplitOfGivenSet(images.Source, split.ToString(), DataSplits.Name(DataSplit.Test));
        }

        var learned = images.Images.Where(image => image.Split is DataSplit.Auto or DataSplit.Train).Select(image => image.Label).ToHashSet(StringComparer.Ordinal);
        foreach (var label in images.Classes)
        {
            if (!learned.Contains(label)) Throw.ClassNotInTraining(label, images.Source);
        }
    }

    /// <summary>The percentages of the images that name no set.</summary>
    internal SplitPercentages Percentages(ImageDataset images) =>
        Split ?? SplitPercentages.Default.Without(images.Has(DataSplit.Validation), images.Has(DataSplit.Test));
}
