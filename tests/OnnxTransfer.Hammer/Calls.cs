namespace OnnxTransfer.Hammer;

/// <summary>What one round disposes of, and the call that is in flight meanwhile.</summary>
/// <param name="Target">The object that is disposed.</param>
/// <param name="Invoke">Makes the call once.</param>
/// <param name="Owners">The types that may be named as disposed.</param>
/// <param name="Rest">What else the round opened; null for nothing.</param>
internal sealed record Subject(IDisposable Target, Func<Task> Invoke, Type[] Owners, IDisposable? Rest = null);

/// <summary>A call that may be in flight when its object is disposed.</summary>
/// <param name="Name">What to call it in the output.</param>
/// <param name="Open">Opens what a round needs.</param>
internal sealed record Call(string Name, Func<Ground, Subject> Open)
{
    /// <summary>Every public call that runs a network, and every way to leave one half done.</summary>
    internal static IReadOnlyList<Call> All { get; } =
    [
        OfExtractor("Embed(path)", (extractor, ground) => extractor.Embed(ground.Photo)),
        OfExtractor("Embed(bytes)", (extractor, ground) => extractor.Embed((ReadOnlySpan<byte>)ground.Encoded)),
        OfExtractor("EmbedAsync(stream)", (extractor, ground) => extractor.EmbedAsync(new MemoryStream(ground.Encoded))),
        OfExtractor("EmbedAsync(path)", (extractor, ground) => extractor.EmbedAsync(ground.Photo)),
        OfExtractor("Embed(pixels)", (extractor, ground) =>
        {
            using var pixels = ImageDecoders.Default.Decode(ground.Encoded);
            extractor.Embed(ImageInput.FromPixels(pixels));
        }),
        OfExtractor("Embed(bitmap)", (extractor, ground) =>
        {
            using var bitmap = SkiaSharp.SKBitmap.Decode(ground.Encoded);
            extractor.Embed(ImageInput.FromBitmap(bitmap));
        }),
        OfExtractor("EmbedAsync", (extractor, ground) => extractor.EmbedAsync(ground.Photos, batchSize: 2)),
        OfExtractor("EmbedAsync of one", (extractor, ground) => extractor.EmbedAsync([ground.Photo])),
        new("EmbedAsync with a cache", ground =>
        {
            var extractor = ground.Open(Ground.Options with { Cache = ground.Cache });
            return new Subject(extractor, () => extractor.EmbedAsync(ground.Photos, batchSize: 2), [typeof(FeatureExtractor)]);
        }),
        OfExtractor("EmbedAsync, disposed by its progress", (extractor, ground) =>
            extractor.EmbedAsync(ground.Photos, batchSize: 2, new Act(extractor.Dispose))),
        OfExtractor("EmbedStreamAsync", async (extractor, ground) =>
        {
            await foreach (var _ in extractor.EmbedStreamAsync(ground.Photos, batchSize: 2)) { }
        }),
        OfExtractor("EmbedStreamAsync, disposed in its loop", async (extractor, ground) =>
        {
            await foreach (var _ in extractor.EmbedStreamAsync(ground.Photos, batchSize: 2)) extractor.Dispose();
        }),
        OfExtractor("EmbedStreamAsync, abandoned", async (extractor, ground) =>
        {
            var images = extractor.EmbedStreamAsync(ground.Photos, batchSize: 1).GetAsyncEnumerator();
            await images.MoveNextAsync();
        }),
        OfExtractor("VerifyParity", (extractor, _) => extractor.VerifyParity()),
        OfExtractor("CountNodes", (extractor, _) => extractor.CountNodes()),
        OfExtractor("DrawFilters", (extractor, ground) => extractor.DrawFilters(ground.NewPath(".png"))),
        OfExtractor("DrawFeatureMaps", (extractor, ground) =>
            extractor.DrawFeatureMaps(Ground.Layer, ground.Photo, ground.NewPath(".png"))),
        OfExtractor("DrawPatches", (extractor, ground) =>
            extractor.DrawPatches(Ground.Layer, 3, [.. ground.Photos.Take(3)], ground.NewPath(".png"))),
        OfExtractor("TrainAsync", (extractor, ground) =>
            ImageClassifier.TrainAsync(extractor, ground.Folder, Ground.Training)),
        OfClassifier("Predict(path)", (classifier, ground) => classifier.Predict(ground.Photo)),
        OfClassifier("Predict(bytes)", (classifier, ground) => classifier.Predict((ReadOnlySpan<byte>)ground.Encoded)),
        OfClassifier("PredictAsync(stream)", (classifier, ground) => classifier.PredictAsync(new MemoryStream(ground.Encoded))),
        OfClassifier("PredictAsync(path)", (classifier, ground) => classifier.PredictAsync(ground.Photo)),
        OfClassifier("PredictAsync", (classifier, ground) => classifier.PredictAsync(ground.Photos, batchSize: 2)),
        OfClassifier("PredictAsync of one", (classifier, ground) => classifier.PredictAsync([ground.Photo])),
        OfClassifier("EvaluateAsync", (classifier, ground) => classifier.EvaluateAsync(ground.Folder)),
        OfClassifier("Explain", (classifier, ground) => classifier.Explain(ground.Photo)),
        OfClassifier("Save", (classifier, ground) => classifier.Save(ground.NewPath(".onnx"))),
        OfClassifier("SaveHead", (classifier, ground) => classifier.SaveHead(ground.NewPath(".onnx"))),
        OfBorrowing("Predict on an extractor that closes", true, (classifier, ground) => classifier.Predict(ground.Photo)),
        OfBorrowing("Predict on an extractor that stays", false, (classifier, ground) => classifier.Predict(ground.Photo)),
        OfBorrowing("Explain on an extractor that closes", true, (classifier, ground) => classifier.Explain(ground.Photo)),
        OfBorrowing("Explain on an extractor that stays", false, (classifier, ground) => classifier.Explain(ground.Photo)),
        OfReloadable("Reloadable: Predict", (classifier, ground) =>
        {
            classifier.Predict(ground.Photo);
            return Task.CompletedTask;
        }),
        OfReloadable("Reloadable: PredictAsync", (classifier, ground) => classifier.PredictAsync(ground.Photos, batchSize: 2)),
        OfReloadable("Reloadable: ReloadAsync", (classifier, ground) => classifier.ReloadAsync(ground.Classifier)),
        OfReloadable("Reloadable: Explain on a lease", (classifier, ground) =>
        {
            using var lease = classifier.Acquire();
            lease.Classifier.Explain(ground.Photo);
            return Task.CompletedTask;
        }),
    ];

    private static Call OfExtractor(string name, Func<FeatureExtractor, Ground, Task> call) => new(name, ground =>
    {
        var extractor = ground.Open();
        return new Subject(extractor, () => call(extractor, ground), [typeof(FeatureExtractor)]);
    });

    private static Call OfExtractor(string name, Action<FeatureExtractor, Ground> call) => OfExtractor(name, AsTask(call));

    private static Call OfClassifier(string name, Func<ImageClassifier, Ground, Task> call) => new(name, ground =>
    {
        var classifier = ground.OpenClassifier();
        return new Subject(classifier, () => call(classifier, ground), [typeof(ImageClassifier)]);
    });

    private static Call OfClassifier(string name, Action<ImageClassifier, Ground> call) => OfClassifier(name, AsTask(call));

    /// <summary>A classifier that runs on an extractor that it does not own; one of the two is disposed.</summary>
    private static Call OfBorrowing(string name, bool disposesExtractor, Action<ImageClassifier, Ground> call) => new(name, ground =>
    {
        var extractor = ground.Open();
        var classifier = ImageClassifier.TrainAsync(extractor, ground.Folder, Ground.Training).GetAwaiter().GetResult().Classifier;
        return disposesExtractor
            ? new Subject(extractor, () => AsTask(call)(classifier, ground), [typeof(FeatureExtractor)], classifier)
            : new Subject(classifier, () => AsTask(call)(classifier, ground), [typeof(ImageClassifier)], extractor);
    });

    private static Call OfReloadable(string name, Func<ReloadableClassifier, Ground, Task> call) => new(name, ground =>
    {
        var classifier = ReloadableClassifier.Load(ground.Classifier, Ground.Options);
        return new Subject(classifier, () => call(classifier, ground), [typeof(ReloadableClassifier), typeof(ImageClassifier)]);
    });

    private static Func<T, Ground, Task> AsTask<T>(Action<T, Ground> call) => (subject, ground) =>
    {
        call(subject, ground);
        return Task.CompletedTask;
    };

    private sealed class Act(Action action) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => action();
    }
}
