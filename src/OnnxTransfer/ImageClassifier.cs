using System.Diagnostics;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Features;
using OnnxTransfer.Heads;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Says what is in an image: a backbone and a head trained on the user's own classes, in one file. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder("flower_photos"));
/// Prediction prediction = result.Classifier.Predict("unknown.jpg");
/// result.Classifier.Save("flowers.onnx");
/// </code>
/// </example>
public sealed partial class ImageClassifier : IImageClassifier, IDisposable, IAsyncDisposable
{
    private readonly FeatureExtractor _extractor;
    private readonly bool _ownsExtractor;
    // Null when the classes are the backbone's own: the rows of the "extractor" are then its class scores already.
    private readonly ClassifierHead? _head;
    // What the training was, for the file; null where nothing was trained.
    private readonly string? _training;
    private readonly Lazy<Explainer> _explainer;
    private volatile bool _disposed;

    private ImageClassifier(FeatureExtractor extractor, bool ownsExtractor, ClassifierHead? head, IReadOnlyList<string> labels, string? training)
    {
        _extractor = extractor;
        _ownsExtractor = ownsExtractor;
        _head = head;
        _training = training;
        // A second session, opened when somebody asks where the classifier looks.
        _explainer = new Lazy<Explainer>(() => new Explainer(extractor, head));
        Labels = labels;
    }

    /// <summary>The classes, in the order of their probabilities.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>What is known of the backbone.</summary>
    public ModelInfo Model => _extractor.Model;

    /// <summary>What the network really runs on; never <see cref="ExecutionProvider.Auto"/>.</summary>
    public ExecutionProvider Provider => _extractor.Provider;

    /// <summary>Why it runs there and on nothing faster, in one sentence.</summary>
    public string ProviderReason => _extractor.ProviderReason;

    /// <summary>Trains a classifier on labeled images: embeds each image once, then trains a head on the vectors.</summary>
    /// <param name="extractor">The backbone; it must outlive the classifier.</param>
    /// <param name="images">The images with their classes; sets that they name themselves are used as they are.</param>
    /// <param name="training">Epochs, optimizer, seed; null for the defaults.</param>
    /// <param name="data">Split and tolerance for unusable images; null for the defaults.</param>
    /// <param name="progress">Told how many images are embedded.</param>
    /// <param name="cancellationToken">While images are embedded: stops. While the head trains: stops and returns the best so far.</param>
    /// <exception cref="ArgumentException">Options contradict each other or the images; no image was read.</exception>
    /// <exception cref="DatasetException">More images are unusable than <see cref="DataOptions.MaxBad"/> allows, or a class has none left to learn from.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before all images were embedded.</exception>
    public static async Task<TrainingResult> TrainAsync(
        FeatureExtractor extractor, ImageDataset images, TrainingOptions? training = null, DataOptions? data = null,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(images);
        training ??= new TrainingOptions();
        data ??= new DataOptions();
        TrainingSets.Check(images, training, data);

        var embedding = await extractor.EmbedAsync(
            [.. images.Images.Select(image => image.Image)], data.EmbeddingBatchSize, progress, cancellationToken).ConfigureAwait(false);
        embedding.Ledger.ThrowIfMoreThan(data.MaxBad, images.Images.Count);
        return await Task.Run(() => TrainOn(extractor, images, embedding, training, data, cancellationToken), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Refuses options that contradict the images or each other, as <see cref="TrainAsync"/> does before it reads the first image: for a
    /// program that wants to know before it opens a backbone.
    /// </summary>
    /// <param name="images">The images with their classes.</param>
    /// <param name="training">Epochs, optimizer, seed; null for the defaults.</param>
    /// <param name="data">Split and tolerance for unusable images; null for the defaults.</param>
    /// <exception cref="ArgumentException">The options make no sense with the images.</exception>
    /// <exception cref="DatasetException">There is one class only, or a class has no image to learn from.</exception>
    public static void CheckTraining(ImageDataset images, TrainingOptions? training = null, DataOptions? data = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        TrainingSets.Check(images, training ?? new TrainingOptions(), data ?? new DataOptions());
    }

    /// <summary>
    /// A classifier of a head that was trained on the extractor's vectors, with <see cref="ClassifierHead.Train"/> or
    /// <see cref="ClassifierHead.CrossValidate"/>. It can be saved as one that <see cref="TrainAsync"/> made. A head that takes further columns beside
    /// the vector cannot see them in an image: save it with <see cref="ClassifierHead.Save"/> instead.
    /// </summary>
    /// <param name="extractor">What made the vectors; it must outlive the classifier, which does not dispose it.</param>
    /// <param name="head">The head; its D is the extractor's. It is not copied.</param>
    /// <param name="labels">C names, in the order of the head's probabilities; none empty, no two the same.</param>
    /// <exception cref="ArgumentException">The head takes another number of features than the extractor gives; or there are not C labels, one is empty, or two are the same.</exception>
    /// <exception cref="ObjectDisposedException">The extractor is disposed.</exception>
    public static ImageClassifier Create(FeatureExtractor extractor, ClassifierHead head, IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(head);
        extractor.ThrowIfDisposed();
        if (head.Dim != extractor.Dim) Throw.HeadHasOtherDim(head.Dim, extractor.Dim, extractor.Backbone.Name);
        var names = Require.Labels(labels, head.ClassCount);
        return new ImageClassifier(extractor, ownsExtractor: false, head, names, RunFingerprint.OfOwnVectors(head, Fingerprint(extractor.Card)));
    }

    /// <summary>
    /// Loads a classifier that <see cref="Save"/> wrote and asks it for the two probe images in the file: it answers as when
    /// it was saved, or is refused. On the machine that saved it, it answers to the bit as before.
    /// </summary>
    /// <param name="path">The <c>.onnx</c> file.</param>
    /// <param name="options">Provider, threads and decoder; null for the defaults.</param>
    /// <exception cref="ModelException">The file is missing, damaged, or no such classifier; or a probability of a probe image is off by more than 0.01.</exception>
    public static ImageClassifier Load(string path, FeatureExtractorOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options = (options ?? new FeatureExtractorOptions()).WithoutLayers();
        var (backbone, head, labels, training, probe) = ClassifierFile.Read(path);
        var extractor = new FeatureExtractor(backbone, backbone.Card.Features.Tensor, backbone.Card.Features.Dim, options, forOne: true, owner: typeof(ImageClassifier));
        try
        {
            var difference = ClassifierProbe.Of(extractor, head).DifferenceTo(probe);
            if (difference > ClassifierProbe.AnotherMachine) throw Throw.ClassifierDisagrees(path, difference, ClassifierProbe.AnotherMachine);
        }
        catch
        {
            extractor.Dispose();
            throw;
        }

        return new ImageClassifier(extractor, ownsExtractor: true, head, labels, training);
    }

    /// <summary>A classifier with a backbone's own classes, without any training.</summary>
    /// <param name="model">The id of a model beside the application or of the catalogue, or the path of an <c>.onnx</c> file whose <c>.model.json</c> names the tensor of class scores.</param>
    /// <param name="options">Provider, threads, decoder and store; null for the defaults.</param>
    /// <param name="progress">Told of a download's progress.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    /// <exception cref="ModelException">No such model, or it has no classes of its own.</exception>
    public static async Task<ImageClassifier> FromBackboneAsync(
        string model, FeatureExtractorOptions? options = null, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        options ??= new FeatureExtractorOptions();
        var backbone = await Backbone.LoadAsync(model, options.WithoutLayers().ForBackbone(), options.Download(model, progress), cancellationToken).ConfigureAwait(false);
        var classes = backbone.Card.Classes ?? throw Throw.NoClasses(backbone.Name);
        var extractor = new FeatureExtractor(backbone, classes.Tensor, classes.Count, options, owner: typeof(ImageClassifier));
        return new ImageClassifier(extractor, ownsExtractor: true, head: null, backbone.ClassLabels(), training: null);
    }

    /// <summary>Says what is in an image: <c>classifier.Predict("cat.jpg")</c>.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public Prediction Predict(ImageInput image) => ToPrediction(Usable.Embed(image));

    /// <summary>Says what is in an encoded image held in memory.</summary>
    /// <exception cref="ImageDecodeException">The bytes are no image that can be decoded.</exception>
    public Prediction Predict(ReadOnlySpan<byte> encoded) => ToPrediction(Usable.Embed(encoded));

    /// <summary>Says what is in an image, without blocking the caller while it is read and computed.</summary>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public async Task<Prediction> PredictAsync(ImageInput image, CancellationToken cancellationToken = default) =>
        ToPrediction(await Usable.EmbedAsync(image, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Says what is in an encoded image, read from the stream's position to its end: <c>await classifier.PredictAsync(request.Body,
    /// cancellationToken)</c>. The stream is never read synchronously and stays open.
    /// </summary>
    /// <param name="encoded">The stream, of which at most <see cref="DecodeOptions.MaxEncodedBytes"/> are read.</param>
    /// <param name="cancellationToken">Stops the reading; a network that runs is not interrupted.</param>
    /// <exception cref="ImageDecodeException">The stream holds no image that can be decoded, or more bytes than the limit.</exception>
    public async Task<Prediction> PredictAsync(Stream encoded, CancellationToken cancellationToken = default) =>
        ToPrediction(await Usable.EmbedAsync(encoded, cancellationToken).ConfigureAwait(false));

    /// <summary>Says what is in many images; one that cannot be used has its reason in the result.</summary>
    /// <param name="images">The images; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="batchSize">Images per run of the network; 0 for what suits the provider.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancellationToken">Stops after the batch in hand.</param>
    /// <returns>One entry per image, in order.</returns>
    public async Task<IReadOnlyList<ImagePrediction>> PredictAsync(
        IReadOnlyList<ImageInput> images, int batchSize = 0, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count == 1 && _extractor.Options.Cache is null && progress is null) return [await PredictOneAsync(images[0], cancellationToken).ConfigureAwait(false)];
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

        // What is not predicted was skipped, and both lists are in the order of the images.
        var skipped = new Queue<SkippedImage>(embedding.Skipped);
        for (var i = 0; i < predictions.Length; i++) predictions[i] ??= new ImagePrediction(images[i].Id, null, skipped.Dequeue().Reason);
        return predictions;
    }

    /// <summary>One image needs no pipeline, whose start takes longer in a fresh process than the image.</summary>
    private async Task<ImagePrediction> PredictOneAsync(ImageInput image, CancellationToken cancellationToken)
    {
        try
        {
            var embedded = await Usable.EmbedOneAsync(image, cancellationToken).ConfigureAwait(false);
            return new ImagePrediction(image.Id, ToPrediction(embedded.Vector!), null) { Warnings = embedded.Warnings };
        }
        catch (ImageDecodeException exception)
        {
            return new ImagePrediction(image.Id, null, exception.Reason);
        }
    }

    /// <summary>Measures the classifier on labeled images whose classes are among its <see cref="Labels"/>.</summary>
    /// <param name="images">The images, all of which are used, whichever set they belong to; see <see cref="ImageDataset.Only"/>.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancellationToken">Stops after the batch in hand.</param>
    /// <returns>The scores, and what became of every image; it can write a report.</returns>
    /// <exception cref="DatasetException">A class is none of this classifier, or no image could be used.</exception>
    public async Task<EvaluationRun> EvaluateAsync(ImageDataset images, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var classIndex = images.Classes.Select(IndexOf).ToArray();
        var embedding = await Usable.EmbedAsync(
            [.. images.Images.Select(image => image.Image)], progress: progress, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (embedding.Features.RowCount == 0) Throw.NoImageUsable(images.Source, embedding.Skipped[0].Reason);
        int[] labels = [.. embedding.Indices.Select(index => classIndex[images.ClassIndices[index]])];
        var result = Evaluator.Evaluate(Probabilities(embedding.Features), labels, Labels);
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
    /// Saves the classifier as one ONNX file that any ONNX Runtime runs: <c>pixels</c>, uint8 <c>[N,H,W,3]</c> in the order
    /// R, G, B and already of the network's input size, to <c>probabilities</c> <c>[N,C]</c>. Labels, preprocessing and
    /// provenance are in its metadata. The file is read back and run first: it is there whole and answering right, or not at all.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="InvalidOperationException">The classifier has a backbone's own classes and nothing was trained.</exception>
    /// <exception cref="ModelException">The written head does not give the same probabilities to the bit, or the whole graph not within 1e-5 (0.01 against CUDA).</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ClassifierFile.Write(path, Usable, _head ?? throw Throw.NothingTrained(), Labels, _training);
    }

    /// <summary>
    /// Saves the head alone as an ONNX file, for a program that has the feature vectors already: <c>features</c> <c>[N,D]</c>
    /// to <c>probabilities</c> <c>[N,C]</c>, two nodes for a softmax head. Labels and provenance are in its metadata.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="InvalidOperationException">The classifier has a backbone's own classes and nothing was trained.</exception>
    /// <exception cref="ModelException">The written head does not give the same probabilities to the bit.</exception>
    public void SaveHead(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Usable.ThrowIfDisposed();
        HeadFile.Write(path, _head ?? throw Throw.NothingTrained(), Labels, _training);
    }

    /// <summary>
    /// Closes the network, unless it belongs to the extractor that the classifier was trained with. What is in flight is safe: a run of
    /// the network that has begun is waited for, then the memory is freed, and every call that is not done yet throws an
    /// <see cref="ObjectDisposedException"/>. It may be called from any thread and more than once. To replace a classifier that serves
    /// requests by a newer one, use <see cref="ReloadableClassifier"/>.
    /// </summary>
    public void Dispose()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        if (_explainer.IsValueCreated) _explainer.Value.Dispose();
        if (_ownsExtractor) _extractor.Dispose();
    }

    /// <summary>Closes the network as <see cref="Dispose"/> does, without blocking the thread while a run ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        Interlocked.MemoryBarrier();
        if (_explainer.IsValueCreated) await _explainer.Value.DisposeAsync().ConfigureAwait(false);
        if (_ownsExtractor) await _extractor.DisposeAsync().ConfigureAwait(false);
    }

    private static TrainingResult TrainOn(
        FeatureExtractor extractor, ImageDataset images, EmbeddingResult embedding, TrainingOptions training, DataOptions data, CancellationToken cancellationToken)
    {
        var classes = images.Classes;
        var sets = new TrainingSets(images, embedding, data.Split, training.Seed);
        var (train, validation, test) = (sets.Features(DataSplit.Train)!, sets.Features(DataSplit.Validation), sets.Features(DataSplit.Test));

        var clock = Stopwatch.StartNew();
        var trained = HeadTrainer.Train(train, classes.Count, training, validation, cancellationToken: cancellationToken);
        var time = clock.Elapsed;
        var fingerprint = RunFingerprint.Of(train, validation, classes.Count, training, Fingerprint(extractor.Card));
        return new TrainingResult(images, sets)
        {
            Classifier = new ImageClassifier(extractor, ownsExtractor: false, trained.Head, classes, fingerprint),
            History = trained.History,
            Train = Score(train)!,
            Validation = Score(validation),
            Test = Score(test),
            Embedding = embedding,
            Skipped = sets.Skipped(),
            Warnings = sets.Warnings(),
            TrainingTime = time,
        };

        EvaluationResult? Score(LabelledFeatures? rows) =>
            rows is null ? null : Evaluator.Evaluate(trained.Head.Probabilities(rows.Features), rows.Labels.ToArray(), classes);
    }

    /// <summary>Class probabilities <c>[N,C]</c> of rows <c>[N,D]</c>, or of the backbone's own scores <c>[N,C]</c>.</summary>
    private Matrix<float> Probabilities(FeatureMatrix rows)
    {
        if (_head is not null) return _head.Probabilities(rows);
        var probabilities = Matrix<float>.Build.Dense(rows.RowCount, rows.Dim);
        for (var row = 0; row < rows.RowCount; row++) probabilities.SetRow(row, Score(rows.Row(row)));
        return probabilities;
    }

    /// <summary>The class probabilities <c>[C]</c> of one row.</summary>
    private float[] Score(ReadOnlySpan<float> row)
    {
        if (_head is not null) return _head.Probabilities(row);
        var scores = row.ToArray();
        if (_extractor.Card.Classes!.Kind == ScoreKind.Logits) LossKernels.Softmax(scores);
        return scores;
    }

    internal Prediction ToPrediction(ReadOnlySpan<float> row) => new(Score(row), Labels);

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
