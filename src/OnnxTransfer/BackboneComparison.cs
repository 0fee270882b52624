using OnnxTransfer.Evaluation;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Probes;

namespace OnnxTransfer;

/// <summary>Measures which backbone suits one's own images best: accuracy by folds, speed, size, and how near the images are to its domain.</summary>
/// <example>
/// <code>
/// var photos = ImageDataset.FromFolder("flower_photos");
/// foreach (var one in await BackboneComparison.MeasureAsync(["resnet18", "mobilenet-v2"], photos))
///     Console.WriteLine($"{one.Name}: {one.Accuracy.Mean:P1} at {one.ImagesPerSecond:N0} images/s");
/// </code>
/// </example>
public static class BackboneComparison
{
    private const int MostTimed = 64;
    private const int TimedPasses = 3;
    private const int MostForDomain = 200;

    /// <summary>
    /// Measures backbones one after the other. The images of a test set are left out, because whoever chooses by them can no longer test with
    /// them. Vectors are kept in the cache of the options, so that the training that follows needs no second pass.
    /// </summary>
    /// <param name="models">Ids, paths, folders or <c>hf:</c> names, as <see cref="FeatureExtractor.Load"/> takes them; at least one.</param>
    /// <param name="images">Labeled images of at least two classes.</param>
    /// <param name="options">How to measure; null for the defaults.</param>
    /// <param name="progress">Receives the progress of downloads and of the passes over the images.</param>
    /// <param name="cancellationToken">Stops between images and between folds.</param>
    /// <returns>One result for each model, in their order.</returns>
    /// <exception cref="ArgumentException">There is no model, or there are more folds than images.</exception>
    /// <exception cref="DatasetException">There is one class only, or too many images are unusable.</exception>
    /// <exception cref="ModelException">A network cannot be opened, or failed to run.</exception>
    public static async Task<IReadOnlyList<ComparedBackbone>> MeasureAsync(
        IReadOnlyList<string> models, ImageDataset images, ComparisonOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(images);
        if (models.Count == 0) throw Throw.NothingToCompare();
        options ??= new ComparisonOptions();
        options.Training.Validate();
        if (images.Classes.Count == 1) Throw.DatasetHasOneClass(images.Source, images.Classes[0]);
        if (options.Training.ValidationFraction > 0) Throw.OptionsExclude(nameof(TrainingOptions.ValidationFraction), "folds");
        TrainingChecks.Fit(options.Training, labelCount: 0, images.Classes.Count, hasValidation: false);
        if (images.Has(DataSplit.Test)) images = images.Except(DataSplit.Test);
        var measured = new List<ComparedBackbone>();
        foreach (var model in models) measured.Add(await MeasureAsync(model, images, options, progress, cancellationToken).ConfigureAwait(false));
        return measured;
    }

    private static async Task<ComparedBackbone> MeasureAsync(
        string model, ImageDataset images, ComparisonOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var extractor = await FeatureExtractor.LoadAsync(model, options.Extractor, progress, cancellationToken).ConfigureAwait(false);
        var embedding = await extractor.EmbedAsync([.. images.Images.Select(image => image.Image)], 0, progress, cancellationToken).ConfigureAwait(false);
        embedding.Ledger.ThrowIfMoreThan(options.MaxBad, images.Images.Count);
        var file = await ModelFile.OpenAsync(model, options.Extractor.Store, progress, cancellationToken).ConfigureAwait(false);
        var rows = new LabeledFeatures(
            embedding.Features, [.. embedding.Indices.Select(index => images.ClassIndices[index])], [.. embedding.Indices.Select(index => images.Images[index].Weight)]);
        RequireFolds(rows, images, options.FoldCount);
        var scores = await Task.Run(() => Scores.Of(rows, images.Classes, options, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new ComparedBackbone
        {
            Name = model,
            Model = extractor.Model,
            Bytes = file.Bytes,
            Parameters = file.Parameters,
            Dim = extractor.Dim,
            Images = rows.Count,
            Skipped = TrainingSets.SkippedOf(images, embedding),
            Accuracy = FoldMean.Of(scores.Accuracy),
            Loss = FoldMean.Of(scores.Loss),
            NeighborAccuracy = FoldMean.Of(scores.NeighborAccuracy),
            ClassMeanAccuracy = FoldMean.Of(scores.ClassMeanAccuracy),
            HScore = scores.HScore,
            ImagesPerSecond = await SpeedAsync(model, images, embedding, options.Extractor, cancellationToken).ConfigureAwait(false),
            Domain = (file.Info ?? extractor.Model).ClassCount > 0 ? await DomainAsync(model, images, embedding, options.Extractor, cancellationToken).ConfigureAwait(false) : null,
        };
    }

    private static void RequireFolds(LabeledFeatures rows, ImageDataset images, int folds)
    {
        if (folds > rows.Count) throw Throw.MoreFoldsThanImages(folds, rows.Count);
        var counts = new int[images.Classes.Count];
        foreach (var label in rows.Labels) counts[label]++;
        var few = Array.FindIndex(counts, count => count < 2);
        if (few >= 0) throw Throw.TooFewImagesForFolds(images.Classes[few], images.Source, counts[few]);
    }

    private static async Task<double> SpeedAsync(
        string model, ImageDataset images, EmbeddingResult embedding, FeatureExtractorOptions options, CancellationToken cancellationToken)
    {
        using var uncached = await FeatureExtractor.LoadAsync(model, options with { Cache = null }, progress: null, cancellationToken).ConfigureAwait(false);
        var timed = Drawn(images, embedding, MostTimed);
        var speeds = new double[TimedPasses];
        // The first pass is not timed: it compiles code and makes memory.
        await uncached.EmbedAsync(timed, cancellationToken: cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < speeds.Length; i++) speeds[i] = (await uncached.EmbedAsync(timed, cancellationToken: cancellationToken).ConfigureAwait(false)).ImagesPerSecond;
        return speeds.Order().ElementAt(speeds.Length / 2);
    }

    private static async Task<DomainFit> DomainAsync(
        string model, ImageDataset images, EmbeddingResult embedding, FeatureExtractorOptions options, CancellationToken cancellationToken)
    {
        using var own = await ImageClassifier.FromBackboneAsync(model, options with { Layers = [], Pooling = default }, progress: null, cancellationToken).ConfigureAwait(false);
        var (count, confidence, entropy) = (0, 0.0, 0.0);
        await foreach (var one in own.PredictStreamAsync(Drawn(images, embedding, MostForDomain), cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            // The image was usable before; it can be gone now.
            if (one.Prediction is not { } prediction) continue;
            count++;
            confidence += prediction.Probability;
            entropy -= prediction.Probabilities.Sum(p => p > 0 ? p * Math.Log(p) : 0) / Math.Log(prediction.Probabilities.Count);
        }

        return new DomainFit(confidence / Math.Max(1, count), entropy / Math.Max(1, count), count);
    }

    /// <summary>Usable images, spread evenly over the dataset and so over its classes.</summary>
    private static ImageInput[] Drawn(ImageDataset images, EmbeddingResult embedding, int most)
    {
        var count = Math.Min(most, embedding.Indices.Count);
        var byClass = embedding.Indices.OrderBy(index => images.ClassIndices[index]).ToArray();
        return [.. Enumerable.Range(0, count).Select(i => images.Images[byClass[(int)((long)i * byClass.Length / count)]].Image)];
    }

    /// <summary>The scores of each fold, and of all rows.</summary>
    private sealed record Scores(List<double> Accuracy, List<double> Loss, List<double> NeighborAccuracy, List<double> ClassMeanAccuracy)
    {
        internal double HScore { get; private init; }

        internal static Scores Of(LabeledFeatures rows, IReadOnlyList<string> classes, ComparisonOptions options, CancellationToken cancellationToken)
        {
            var scores = new Scores([], [], [], []) { HScore = Training.Probes.HScore.Of(rows, classes.Count, options.Training.Seed) };
            foreach (var (training, held) in HoldOut.Folds(rows, options.FoldCount, options.Training.Seed))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var head = HeadTrainer.Train(training, classes.Count, options.Training, validation: null, progress: null, cancellationToken).Head;
                cancellationToken.ThrowIfCancellationRequested();
                var result = Evaluator.Evaluate(head.InBlocks(held.Features, classes.Count), held.Labels.ToArray(), classes);
                scores.Accuracy.Add(result.Accuracy);
                scores.Loss.Add(result.Loss);
                scores.NeighborAccuracy.Add(held.Accuracy(NeighborProbe.Classify(training, held, classes.Count, options.Training.Threads, cancellationToken)));
                scores.ClassMeanAccuracy.Add(held.Accuracy(ClassMeanProbe.Classify(training, held, classes.Count)));
            }

            return scores;
        }
    }
}
