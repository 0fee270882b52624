using System.Diagnostics;
using OnnxTransfer.Embedding;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Training;

namespace OnnxTransfer;

/// <content>More classes, fewer classes, more images, from the vectors that were kept at training.</content>
public sealed partial class ImageClassifier
{
    // What the classifier was trained and judged on; null if it was not kept.
    private readonly KeptFeatures? _kept;

    /// <summary>
    /// Whether the classifier has the vectors that it was trained on (<see cref="TrainingPlan.KeepFeatures"/>), so that it can be extended.
    /// They are saved with it.
    /// </summary>
    public bool HasFeatures => _kept is not null;

    /// <summary>
    /// Adds classes and images, or removes classes, and trains the head again on the kept and the new vectors together. Only the new images run
    /// through the network. Classes of <paramref name="images"/> that the classifier does not know are new; images of known classes are added to
    /// them. A linear head starts from its old weights, and a new class from the direction of its mean. This classifier stays as it is.
    /// </summary>
    /// <param name="images">The new images, divided into sets as in <see cref="TrainAsync"/>; null to remove classes alone.</param>
    /// <param name="remove">The classes to remove; null for none.</param>
    /// <param name="plan">
    /// How the head is trained and the new images are divided; null for the defaults, with the hidden layers that the head has. What concerns the
    /// kept vectors, their sets among it, is not changed.
    /// </param>
    /// <param name="progress">Receives the number of embedded images.</param>
    /// <param name="cancellationToken">While images are embedded: stops. While the head trains: stops and returns the best so far.</param>
    /// <exception cref="InvalidModelException">The classifier has no kept vectors, or they come from another network or preprocessing than this classifier runs.</exception>
    /// <exception cref="ArgumentException">
    /// A class to remove is unknown or has new images, fewer than two classes would be left, or the plan contradicts itself or the images. No image was read.
    /// </exception>
    /// <exception cref="DatasetException">
    /// Nothing would change; more images are unusable than <see cref="TrainingPlan.MaxBad"/> allows; or a class has no usable training image.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="OperationCanceledException">Canceled before all images were embedded.</exception>
    public async Task<ExtensionResult> ExtendAsync(
        ImageDataset? images, IReadOnlyList<string>? remove = null, TrainingPlan? plan = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var network = Usable;
        var kept = _kept ?? throw Throw.NoKeptFeatures();
        plan ??= new TrainingPlan { HiddenUnits = [.. Trained.Layers.SkipLast(1).Select(layer => layer.Outputs)] };
        var classes = ExtendedClasses.Of(Labels, images, remove ?? []);
        plan.ValidateExtension(images, kept.Rows(DataSplit.Validation).Length > 0, classes.Labels.Count);
        var most = kept.Count + ((long)(images?.Images.Count ?? 0) * ImageView.Of(plan.Augment).Count);
        if (most * network.Dim * sizeof(float) > KeptFeatures.MaxBytes) throw Throw.TooManyFeaturesToKeep(most, network.Dim);
        if (network.Origin != kept.Origin) throw Throw.KeptFeaturesOfAnotherNetwork(kept.Origin, network.Origin);

        var embedding = images is null ? null : await network.EmbedAsync(
            [.. images.Images.Select(image => image.Image)], plan.EmbeddingBatchSize, progress, cancellationToken).ConfigureAwait(false);
        embedding?.Ledger.ThrowIfMoreThan(plan.MaxBad, images!.Images.Count);
        return await Task.Run(() => ExtendOnAsync(network, kept, classes, images, embedding, plan, progress, cancellationToken), CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<ExtensionResult> ExtendOnAsync(
        ImageNetwork network, KeptFeatures kept, ExtendedClasses classes, ImageDataset? images, EmbeddingResult? embedding, TrainingPlan plan,
        IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        int[] staying = [.. Enumerable.Range(0, kept.Count).Where(row => classes.NewClass[kept.Classes[row]] >= 0)];
        var old = kept.Select(staying, classes.NewClass);
        var (all, known, warnings) = (old, 0, (IReadOnlyList<ImageWarning>)[]);
        if (embedding is not null)
        {
            var sets = new TrainingSets(images!, embedding, plan);
            int[] fresh = [.. KnownRows.Except(embedding.Features, [.. embedding.Indices.Select(index => classes.ClassOf(images!.Images[index].Label))], old)];
            known = embedding.Indices.Count - fresh.Length;
            var copies = await TrainingCopies.EmbedAsync(
                network, [.. fresh.Where(sets.Rows(DataSplit.Train).ToHashSet().Contains).Select(row => images!.Images[embedding.Indices[row]])], plan, progress, cancellationToken).ConfigureAwait(false);
            warnings = [.. sets.Warnings(), .. copies.Warnings];
            if (fresh.Length > 0) all = old.With(sets.Keep(fresh, copies, classes.ClassOf, old.Origin));
        }

        if (all == old && classes.Removed.Count == 0) throw Throw.NothingToExtend(images!.Source);
        RequireRows(all, classes.Labels);
        var (train, validation, test) = (all.Labeled(all.Rows(DataSplit.Train))!, all.Labeled(all.Rows(DataSplit.Validation)), all.Labeled(all.Rows(DataSplit.Test)));
        var start = plan.HiddenUnits.Count == 0 ? HeadGrowth.Start(Trained, classes.OldClass, train) : null;
        var clock = Stopwatch.StartNew();
        var trained = HeadTrainer.TrainFrom(start, train, classes.Labels.Count, plan, validation, progress: null, cancellationToken);
        var time = clock.Elapsed;
        var fingerprint = RunFingerprint.Of(train, validation, classes.Labels.Count, plan, trained.History, Fingerprint(network.Card))
            + (start is null ? "" : $"\nfirst weights from a trained head, sha256 {HeadGrowth.Fingerprint(start)}");
        var (head, calibration) = plan.Calibrate ? Calibrated(trained.Head, validation!) : (trained.Head, null);
        var measuredOn = old.Rows(DataSplit.Test).Length > 0 ? DataSplit.Test : old.Rows(DataSplit.Validation).Length > 0 ? DataSplit.Validation : DataSplit.Train;
        return new ExtensionResult
        {
            Classifier = new ImageClassifier(
                network, ownsNetwork: false, head, classes.Labels, fingerprint, new Certainty(calibration, plan.UnknownBelow > 0 ? plan.UnknownBelow : UnknownBelow), all),
            Added = classes.Added,
            Removed = classes.Removed,
            Changes = Changes(old.Labeled(old.Rows(measuredOn))!, classes, head),
            MeasuredOn = measuredOn,
            NewImages = (embedding?.Indices.Count ?? 0) - known,
            KnownImages = known,
            History = trained.History,
            Validation = Score(validation),
            Test = Score(test),
            Embedding = embedding,
            Skipped = embedding is null ? [] : TrainingSets.SkippedOf(images!, embedding),
            Warnings = warnings,
            TrainingTime = time,
        };

        EvaluationResult? Score(LabeledFeatures? rows) =>
            rows is null ? null : Evaluator.Evaluate(head.InBlocks(rows.Features, classes.Labels.Count), rows.Labels.ToArray(), classes.Labels);
    }

    /// <summary>The recall of each class that stays, on the same rows by the old head and the new one.</summary>
    private IReadOnlyList<ClassChange> Changes(LabeledFeatures rows, ExtendedClasses classes, ClassifierHead head)
    {
        var (count, before, after) = (new int[classes.Labels.Count], new int[classes.Labels.Count], new int[classes.Labels.Count]);
        for (var row = 0; row < rows.Count; row++)
        {
            var vector = rows.Features.Row(row);
            var truth = rows.Labels[row];
            count[truth]++;
            if (Argmax.Of<float>(_scorer.Probabilities(vector)) == classes.OldClass[truth]) before[truth]++;
            if (Argmax.Of<float>(head.Probabilities(vector)) == truth) after[truth]++;
        }

        return [.. Enumerable.Range(0, classes.Labels.Count).Where(c => classes.OldClass[c] >= 0).Select(c => new ClassChange(
            classes.Labels[c], count[c], count[c] == 0 ? 0 : (double)before[c] / count[c], count[c] == 0 ? 0 : (double)after[c] / count[c]))];
    }

    private static void RequireRows(KeptFeatures all, IReadOnlyList<string> labels)
    {
        var present = all.Rows(DataSplit.Train).Select(row => all.Classes[row]).ToHashSet();
        for (var c = 0; c < labels.Count; c++)
        {
            if (!present.Contains(c)) Throw.ClassHasNoUsableImage(labels[c], "the extended classifier");
        }
    }
}
