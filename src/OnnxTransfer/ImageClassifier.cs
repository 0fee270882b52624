using System.Diagnostics;
using System.Runtime.CompilerServices;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Explaining;
using OnnxTransfer.Internals;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Auditing;

namespace OnnxTransfer;

/// <summary>Classifies images by a backbone and a head that was trained on the user's own classes, in one file. Thread-safe.</summary>
/// <example>
/// <code>
/// var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder("flower_photos"));
/// Prediction prediction = result.Classifier.Predict("unknown.jpg");
/// result.Classifier.Save("flowers.onnx");
/// </code>
/// </example>
public sealed partial class ImageClassifier : IImageClassifier, IDisposable, IAsyncDisposable
{
    private readonly bool _ownsNetwork;
    private readonly IClassScorer _scorer;
    // The record of the training, for the file; null if nothing was trained.
    private readonly string? _training;
    private readonly Lazy<Explainer> _explainer;
    private volatile bool _disposed;

    private ImageClassifier(ImageNetwork network, bool ownsNetwork, IClassScorer scorer, IReadOnlyList<string> labels, string? training, Certainty? certainty = null, KeptFeatures? kept = null)
    {
        Network = network;
        Model = ModelInfo.Of(network.Card);
        _ownsNetwork = ownsNetwork;
        _scorer = scorer;
        _training = training;
        _kept = kept;
        // A second session, opened at the first class activation map.
        _explainer = new Lazy<Explainer>(() => new Explainer(network, scorer, typeof(ImageClassifier)));
        Labels = labels;
        Calibration = certainty?.Calibration;
        UnknownBelow = certainty?.UnknownBelow ?? 0;
    }

    /// <summary>The classes, in the order of their probabilities.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>
    /// What images that were not trained on say about the probabilities; null if the classifier was not calibrated
    /// (<see cref="TrainingPlan.Calibrate"/>).
    /// </summary>
    public ClassifierCalibration? Calibration { get; }

    /// <summary>
    /// The probability below which the most probable class is no answer: such a prediction is <see cref="Prediction.IsUnknown"/>. From 0, which
    /// makes no prediction unknown, to 1. It comes from the training or the file, and <see cref="Save"/> keeps it. Set it before the first prediction.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not between 0 and 1.</exception>
    public double UnknownBelow { get; set => field = Require.Probability(value, nameof(UnknownBelow)); }

    /// <summary>The known facts about the backbone.</summary>
    public ModelInfo Model { get; }

    /// <summary>The provider that the network runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => Network.Provider.Provider;

    /// <summary>Why the network runs there and not on a faster provider, in one sentence.</summary>
    public string ProviderReason => Network.Provider.Reason;

    /// <summary>Trains a classifier on labeled images: embeds each image once, then trains a head on the vectors.</summary>
    /// <param name="extractor">The backbone; it must outlive the classifier.</param>
    /// <param name="images">The images with their classes. If the images state their sets, these sets are used.</param>
    /// <param name="plan">Epochs, optimizer, seed, split, tolerance for unusable images; null for the defaults.</param>
    /// <param name="progress">Receives the number of embedded images, from 0 again for each kind of copy of <see cref="TrainingPlan.Augment"/>.</param>
    /// <param name="cancellationToken">While images are embedded: stops. While the head trains: stops and returns the best so far.</param>
    /// <exception cref="ArgumentException">
    /// The plan contradicts itself or the images (<see cref="TrainingPlan.Validate(ImageDataset)"/>). No image was read.
    /// </exception>
    /// <exception cref="DatasetException">
    /// More images are unusable than <see cref="TrainingPlan.MaxBad"/> allows, or a class has no usable training image.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    /// <exception cref="OperationCanceledException">Canceled before all images were embedded.</exception>
    public static async Task<TrainingResult> TrainAsync(
        FeatureExtractor extractor, ImageDataset images, TrainingPlan? plan = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(images);
        plan ??= new TrainingPlan();
        plan.Validate(images);
        var (learned, views) = (images.Images.Count(image => image.Split is DataSplit.Auto or DataSplit.Train), ImageView.Of(plan.Augment).Count);
        if ((long)learned * views * extractor.Dim > Array.MaxLength) throw Throw.TooManyCopies(learned, views, extractor.Dim);

        if (plan.KeepFeatures && (long)images.Images.Count * views * extractor.Dim * sizeof(float) > KeptFeatures.MaxBytes) throw Throw.TooManyFeaturesToKeep((long)images.Images.Count * views, extractor.Dim);

        var embedding = await extractor.EmbedAsync(
            [.. images.Images.Select(image => image.Image)], plan.EmbeddingBatchSize, progress, cancellationToken).ConfigureAwait(false);
        embedding.Ledger.ThrowIfMoreThan(plan.MaxBad, images.Images.Count);
        return await Task.Run(() => TrainOnAsync(extractor, images, embedding, plan, progress, cancellationToken), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Classifies an image: <c>classifier.Predict("cat.jpg")</c>.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Prediction Predict(ImageInput image) => ToPrediction(Usable.Embed(image));

    /// <summary>Classifies an encoded image held in memory.</summary>
    /// <exception cref="ImageDecodeException">The bytes are not an image that can be decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public Prediction Predict(ReadOnlySpan<byte> encoded) => ToPrediction(Usable.Embed(encoded));

    /// <summary>Classifies an image, without blocking the caller while the image is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public async Task<Prediction> PredictAsync(ImageInput image, CancellationToken cancellationToken = default) =>
        ToPrediction(await Usable.EmbedAsync(image, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Classifies an encoded image, read from the stream's position to its end: <c>await classifier.PredictAsync(request.Body,
    /// cancellationToken)</c>. The stream is never read synchronously and stays open.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a run of the network that has begun is not interrupted.</param>
    /// <exception cref="ImageDecodeException">
    /// The stream does not hold an image that can be decoded, or it has more bytes than the limit.
    /// </exception>
    /// <exception cref="ModelException">The network failed to run, or gave a number that is NaN or infinite.</exception>
    public async Task<Prediction> PredictAsync(Stream encoded, CancellationToken cancellationToken = default) =>
        ToPrediction(await Usable.EmbedAsync(encoded, cancellationToken).ConfigureAwait(false));

    /// <summary>Classifies many images. If an image cannot be used, the result gives the reason.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <returns>One entry per image, in order.</returns>
    public async Task<IReadOnlyList<ImagePrediction>> PredictAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 1 && !Network.HasCache && progress is null) return [await PredictOneAsync(images[0], cancellationToken).ConfigureAwait(false)];
        var embedding = await Usable.EmbedAsync(images, batchSize, progress, cancellationToken).ConfigureAwait(false);
        var predictions = new ImagePrediction[images.Count];
        for (var row = 0; row < embedding.Indices.Count; row++)
        {
            var index = embedding.Indices[row];
            predictions[index] = new ImagePrediction(images[index].Id, ToPrediction(embedding.Features.Row(row)), null)
            {
                Warnings = [.. embedding.WarningsByIndex.GetValueOrDefault(index, []).Select(warning => warning.Text)],
            };
        }

        // An image without a prediction was skipped, and both lists are in the order of the images.
        var skipped = new Queue<SkippedImage>(embedding.Skipped);
        for (var i = 0; i < predictions.Length; i++)
        {
            if (predictions[i] is not null) continue;
            var why = skipped.Dequeue();
            predictions[i] = Unusable(images[i].Id, why.Reason, why.TimedOut);
        }

        return predictions;
    }

    /// <summary>
    /// Classifies any number of images, one after the other. The memory does not grow with the number of images. An image that cannot
    /// be used comes with the reason. Leaving the loop stops the run.
    /// </summary>
    /// <param name="images">The images; they are read only as fast as the caller takes predictions.</param>
    /// <param name="batchSize">Images per run of the network; 0 for the number that suits the provider.</param>
    /// <param name="cancellationToken">Stops the run after the current images.</param>
    /// <returns>Every image, in the order of <paramref name="images"/>: its prediction, or why the image could not be used.</returns>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public IAsyncEnumerable<ImagePrediction> PredictStreamAsync(
        IEnumerable<ImageInput> images, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return PredictStreamAsync(images.ToAsyncEnumerable(), batchSize, cancellationToken);
    }

    /// <inheritdoc cref="PredictStreamAsync(IEnumerable{ImageInput}, int, CancellationToken)"/>
    public IAsyncEnumerable<ImagePrediction> PredictStreamAsync(
        IAsyncEnumerable<ImageInput> images, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        return ToPredictions(Usable.EmbedStreamAsync(images, batchSize, cancellationToken), cancellationToken);
    }

    /// <summary>One image needs no pipeline, whose start takes longer in a fresh process than the image.</summary>
    private async Task<ImagePrediction> PredictOneAsync(ImageInput image, CancellationToken cancellationToken)
    {
        try
        {
            return ToPrediction(await Usable.EmbedOneAsync(image, cancellationToken).ConfigureAwait(false));
        }
        catch (ImageDecodeException exception)
        {
            return Unusable(image.Id, exception.Reason, exception.TimedOut);
        }
    }

    /// <summary>
    /// The classes that a set needs, so that it contains the true class of a new image with the given probability; best first. The set is empty
    /// where no class is probable enough, which says that the image is unlike the others, and has all classes where the calibration has too few images
    /// (<see cref="ClassifierCalibration.LeastCount"/>).
    /// </summary>
    /// <param name="prediction">A prediction of this classifier.</param>
    /// <param name="coverage">Such as 0.95; above 0 and below 1. What it promises: <see cref="ClassifierCalibration.LeastProbability"/>.</param>
    /// <exception cref="InvalidOperationException">The classifier has no <see cref="Calibration"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The coverage is not between 0 and 1.</exception>
    public IReadOnlyList<ClassProbability> PredictionSet(Prediction prediction, double coverage)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        var least = (Calibration ?? throw Throw.NotCalibrated()).LeastProbability(coverage);
        return [.. prediction.Top(prediction.Probabilities.Count).TakeWhile(one => one.Probability >= least)];
    }

    /// <summary>Measures the classifier on labeled images whose classes are among its <see cref="Labels"/>.</summary>
    /// <param name="images">The images. The images of all sets are used; see <see cref="ImageDataset.Only"/> to choose one set.</param>
    /// <param name="progress">Receives the progress after every batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <returns>The scores, and the result for every image. It can write a report.</returns>
    /// <exception cref="DatasetException">An image has a class that this classifier does not have, or no image could be used.</exception>
    /// <exception cref="ModelException">The network failed to run.</exception>
    public async Task<EvaluationRun> EvaluateAsync(ImageDataset images, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var classIndex = images.Classes.Select(IndexOf).ToArray();
        var embedding = await Usable.EmbedAsync(
            [.. images.Images.Select(image => image.Image)], batchSize: 0, progress, cancellationToken).ConfigureAwait(false);
        if (embedding.Features.RowCount == 0) Throw.NoImageUsable(images.Source, embedding.Skipped[0].Reason);
        int[] labels = [.. embedding.Indices.Select(index => classIndex[images.ClassIndices[index]])];
        var result = Evaluator.Evaluate(_scorer.InBlocks(embedding.Features, Labels.Count), labels, Labels);
        var evaluated = new EvaluatedImage[images.Images.Count];
        for (var row = 0; row < embedding.Indices.Count; row++)
        {
            var image = images.Images[embedding.Indices[row]];
            evaluated[embedding.Indices[row]] = new EvaluatedImage(image.Id, image.Label, image.Split, ToPrediction(embedding.Features.Row(row)), null);
        }

        TrainingSets.AddSkipped(evaluated, images, embedding);
        return new EvaluationRun(this, images, embedding, result, evaluated);
    }

    /// <summary>
    /// Closes the network, unless it belongs to the extractor that the classifier was trained with. This is safe during other calls:
    /// the method waits for a run of the network that has begun, then frees the memory. Every unfinished call throws an
    /// <see cref="ObjectDisposedException"/>. Any thread may call the method, and more than once. To replace a classifier while it
    /// serves requests, use <see cref="ReloadableClassifier"/>.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        if (_explainer.IsValueCreated) _explainer.Value.Dispose();
        if (_ownsNetwork) Network.Dispose();
    }

    /// <summary>Closes the network as <see cref="Dispose"/> does, without blocking the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        if (_explainer.IsValueCreated) await _explainer.Value.DisposeAsync().ConfigureAwait(false);
        if (_ownsNetwork) await Network.DisposeAsync().ConfigureAwait(false);
    }

    private static IReadOnlyList<DuplicatePair> FindDuplicates(
        FeatureExtractor extractor, ImageDataset images, EmbeddingResult embedding, TrainingPlan plan, CancellationToken cancellationToken)
    {
        if (!plan.KeepDuplicatesTogether) return [];
        using var thumbnails = extractor.Network.Samples();
        return DuplicateSearch.Run(images.Images, embedding, thumbnails, cancellationToken).Pairs;
    }

    private static async Task<TrainingResult> TrainOnAsync(
        FeatureExtractor extractor, ImageDataset images, EmbeddingResult embedding, TrainingPlan plan, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var classes = images.Classes;
        var duplicates = FindDuplicates(extractor, images, embedding, plan, cancellationToken);
        var sets = new TrainingSets(images, embedding, plan, duplicates);
        var (train, validation, test) = (sets.Features(DataSplit.Train)!, sets.Features(DataSplit.Validation), sets.Features(DataSplit.Test));

        LabeledImage[] learned = [.. sets.Rows(DataSplit.Train).Select(row => images.Images[embedding.Indices[row]])];
        var copies = await TrainingCopies.EmbedAsync(extractor.Network, learned, plan, progress, cancellationToken).ConfigureAwait(false);
        var rows = copies.JoinTo(train);

        var clock = Stopwatch.StartNew();
        TuningResult? tuning = null;
        if (plan.Tuning is { } choice)
        {
            tuning = HeadTuner.Tune(rows, classes.Count, choice, cancellationToken);
            plan = tuning.ChosenHiddenLayer is { } layer
                ? plan with { Optimizer = Optimizer.Adam(), HiddenUnits = [layer.Units] }
                : plan with { Optimizer = Optimizer.Lbfgs(), L2 = tuning.Chosen.L2, Standardize = tuning.Chosen.Standardize };
        }

        var trained = HeadTrainer.Train(rows, classes.Count, plan, validation, cancellationToken: cancellationToken);
        var time = clock.Elapsed;
        var fingerprint = RunFingerprint.Of(rows, validation, classes.Count, plan, trained.History, Fingerprint(extractor.Card));
        var (head, calibration) = plan.Calibrate ? Calibrated(trained.Head, validation!) : (trained.Head, null);
        var kept = plan.KeepFeatures ? sets.Keep([.. Enumerable.Range(0, embedding.Indices.Count)], copies, classes.ToList().IndexOf, extractor.Network.Origin) : null;
        return new TrainingResult(images, sets)
        {
            Classifier = new ImageClassifier(extractor.Network, ownsNetwork: false, head, classes, fingerprint, new Certainty(calibration, plan.UnknownBelow), kept),
            History = trained.History,
            Tuning = tuning,
            Train = Score(train)!,
            Validation = Score(validation),
            Test = Score(test),
            Embedding = embedding,
            Skipped = TrainingSets.SkippedOf(images, embedding),
            Warnings = [.. sets.Warnings(), .. copies.Warnings],
            CopyCount = copies.Count,
            Leaks = sets.Leaks,
            TrainingTime = time,
        };

        EvaluationResult? Score(LabeledFeatures? set) =>
            set is null ? null : Evaluator.Evaluate(head.InBlocks(set.Features, classes.Count), set.Labels.ToArray(), classes);
    }

    private static (ClassifierHead Head, ClassifierCalibration? Calibration) Calibrated(ClassifierHead head, LabeledFeatures rows)
    {
        var before = head.InBlocks(rows.Features, head.ClassCount);
        var temperature = TemperatureFit.Fit(before, rows.Labels);
        var scaled = head.WithTemperature(temperature);
        return (scaled, ClassifierCalibration.Of(temperature, before, scaled.InBlocks(rows.Features, scaled.ClassCount), rows.Labels));
    }

    /// <summary>The head.</summary>
    /// <exception cref="InvalidOperationException">The classes are the backbone's own.</exception>
    private ClassifierHead Trained => _scorer as ClassifierHead ?? throw Throw.NothingTrained();

    private async IAsyncEnumerable<ImagePrediction> ToPredictions(
        IAsyncEnumerable<EmbeddedImage> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var image in rows.WithCancellation(cancellationToken).ConfigureAwait(false)) yield return ToPrediction(image);
    }

    private ImagePrediction ToPrediction(EmbeddedImage image) => image.Vector is { } vector
        ? new ImagePrediction(image.Id, ToPrediction(vector), null) { Warnings = image.Warnings }
        : Unusable(image.Id, image.Error!, image.TimedOut);

    private static ImagePrediction Unusable(string id, string reason, bool timedOut) => new(id, null, reason) { TimedOut = timedOut };

    internal Prediction ToPrediction(ReadOnlySpan<float> row) => new(_scorer.Probabilities(row), Labels) { UnknownBelow = UnknownBelow };

    private static string Fingerprint(ModelCard card) => $"{card.Id} sha256 {card.Sha256}";

    private int IndexOf(string label)
    {
        for (var i = 0; i < Labels.Count; i++)
        {
            if (Labels[i] == label) return i;
        }

        throw Throw.NotAClass(label, Labels);
    }
}
