using MathNet.Numerics.LinearAlgebra;
using Microsoft.Extensions.Logging;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>The asynchronous form of every door: the same result, away from the caller's thread, and nothing left behind when it is canceled.</summary>
public sealed class AsyncDoorsTests : IDisposable
{
    private static readonly string[] s_labels = ["cyan", "orange"];
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly ImageClassifier _classifier;
    private readonly ClassifierHead _head;

    public AsyncDoorsTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        var card = TinyBackbone.Card();
        (card with { Classes = new ModelClasses("features", ScoreKind.Logits, TinyBackbone.Dim, null) }).Save(_folder.File("tiny.model.json"));
        _extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), s_onCpu);
        var random = new Random(3);
        _head = ClassifierHead.FromWeights(
            Matrix<float>.Build.Dense(TinyBackbone.Dim, 2, (_, _) => (random.NextSingle() * 8) - 4), Vector<float>.Build.Dense([0.1f, -0.1f]));
        _classifier = ImageClassifier.Create(_extractor, _head, s_labels);
    }

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    public static TheoryData<string> Writers => ["Save", "SaveHead", "Head.Save", "EvaluationRun.WriteReport", "TrainingResult.WriteReport"];

    public static TheoryData<string> Openers => ["ImageClassifier.Load", "ReloadableClassifier.Load", "ImageClassifier.FromBackbone", "FeatureExtractor.Load"];

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Both_forms_write_the_same_file(string door)
    {
        var (write, writeAsync) = await WriterAsync(door);
        var (one, other) = (_folder.File("out", "one"), _folder.File("out", "other"));
        write(one);
        await writeAsync(other, CancellationToken.None);
        // A report says when it was written.
        if (door.EndsWith("Report", StringComparison.Ordinal)) Assert.StartsWith("<!doctype html>", File.ReadAllText(other), StringComparison.Ordinal);
        else Assert.Equal(File.ReadAllBytes(one), File.ReadAllBytes(other));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(one)!).Length);
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task A_canceled_writer_leaves_the_folder_as_it_was(string door)
    {
        var (_, writeAsync) = await WriterAsync(door);
        var path = _folder.File("out", "file");
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writeAsync(path, source.Token));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
        await File.WriteAllTextAsync(path, "before");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writeAsync(path, source.Token));
        Assert.Equal("before", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [MemberData(nameof(Writers))]
    public async Task Both_forms_refuse_a_folder_that_is_missing_and_one_in_the_files_place(string door)
    {
        var (write, writeAsync) = await WriterAsync(door);
        var missing = Path.Combine(_folder.Path, "missing", "file");
        Assert.Contains(missing, Assert.Throws<DirectoryNotFoundException>(() => write(missing)).Message, StringComparison.Ordinal);
        Assert.Contains(missing, (await Assert.ThrowsAsync<DirectoryNotFoundException>(() => writeAsync(missing, CancellationToken.None))).Message, StringComparison.Ordinal);
        var taken = Directory.CreateDirectory(Path.Combine(_folder.Path, "taken")).FullName;
        Assert.Contains($"'{taken}' is a folder", Assert.Throws<IOException>(() => write(taken)).Message, StringComparison.Ordinal);
        Assert.Contains($"'{taken}' is a folder", (await Assert.ThrowsAsync<IOException>(() => writeAsync(taken, CancellationToken.None))).Message, StringComparison.Ordinal);
        // A wrong argument is thrown at once, not by the task.
        Assert.Throws<ArgumentException>(() => { _ = writeAsync(" ", CancellationToken.None); });
    }

    /// <summary>Canceled at the last moment, when the whole file is on the disk and checked, under another name.</summary>
    [Fact]
    public void A_file_that_is_written_and_checked_has_no_name_yet_when_it_is_canceled()
    {
        var path = _folder.File("out", "file");
        File.WriteAllText(path, "before");
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => AtomicFile.Write(path, "after"u8.ToArray(), written =>
        {
            Assert.Equal("after", File.ReadAllText(written));
            source.Cancel();
        }, source.Token));
        Assert.Equal("before", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [MemberData(nameof(Openers))]
    public async Task The_network_is_opened_away_from_the_callers_thread_and_not_at_all_when_canceled(string door)
    {
        _classifier.Save(_folder.File("saved.onnx"));
        var logger = new ThreadLogger();
        var options = s_onCpu with { Logger = logger };
        int? caller = null;
        IAsyncDisposable? opened = null;
        // A thread of its own: one of the pool could be the one that a task happens to run on.
        var thread = new Thread(() =>
        {
            caller = Environment.CurrentManagedThreadId;
            opened = OpenAsync(door, options, CancellationToken.None).GetAwaiter().GetResult();
        });
        thread.Start();
        thread.Join();
        await using (opened!) Assert.NotEqual(caller, Assert.Single(logger.Openings));

        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => OpenAsync(door, options, source.Token));
        Assert.Single(logger.Openings);
    }

    [Fact]
    public async Task Both_forms_open_the_same_classifier()
    {
        var file = _folder.File("saved.onnx");
        await _classifier.SaveAsync(file);
        var photo = ImageInput.FromBytes(TestImage.NoisyPng(40, 30, (200, 100, 20), 1));
        var expected = _classifier.Predict(photo).Probabilities;
        await using var loaded = await ImageClassifier.LoadAsync(file, s_onCpu);
        await using var reloadable = await ReloadableClassifier.LoadAsync(file, s_onCpu);
        Assert.Equal(expected, loaded.Predict(photo).Probabilities);
        Assert.Equal(expected, reloadable.Predict(photo).Probabilities);

        await _classifier.SaveHeadAsync(_folder.File("head.onnx"));
        var head = await ClassifierHead.LoadAsync(_folder.File("head.onnx"));
        Assert.Equal(s_labels, head.Labels);
        Assert.Equal(_head.OutputLayer().Weights, head.Head.OutputLayer().Weights);

        using var one = ImageClassifier.FromBackbone(_folder.File("tiny.onnx"), s_onCpu);
        await using var other = await ImageClassifier.FromBackboneAsync(_folder.File("tiny.onnx"), s_onCpu);
        Assert.Equal(one.Predict(photo).Probabilities, other.Predict(photo).Probabilities);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task A_stream_predicts_what_a_list_predicts_in_its_order_and_a_bad_image_has_its_reason(int batchSize)
    {
        ImageInput[] images =
        [
            .. Enumerable.Range(0, 40).Select(i => i % 9 == 4
                ? ImageInput.FromBytes("no image"u8.ToArray(), $"bad {i}")
                : ImageInput.FromBytes(TestImage.NoisyPng(20 + i, 30, ((byte)(i * 6), 90, 200), i), $"{i}")),
            ImageInput.FromFile(_folder.File("missing.jpg")),
        ];
        var expected = await _classifier.PredictAsync(images, batchSize);
        var (listed, streamed) = (new List<ImagePrediction>(), new List<ImagePrediction>());
        await foreach (var one in _classifier.PredictStreamAsync(images, batchSize)) listed.Add(one);
        await foreach (var one in _classifier.PredictStreamAsync(images.ToAsyncEnumerable(), batchSize)) streamed.Add(one);
        foreach (var actual in new[] { listed, streamed })
        {
            Assert.Equal(expected.Select(one => (one.Id, one.Error)), actual.Select(one => (one.Id, one.Error)));
            Assert.Equal(expected.Select(one => one.Prediction?.Probabilities), actual.Select(one => one.Prediction?.Probabilities));
            Assert.Equal(images.Select(image => image.Id), actual.Select(one => one.Id));
        }
    }

    [Fact]
    public async Task An_endless_stream_is_read_no_further_than_predictions_are_taken()
    {
        var pulled = 0;
        var png = TestImage.NoisyPng(20, 20, (1, 2, 3), 1);
        IEnumerable<ImageInput> Endless()
        {
            while (true) yield return ImageInput.FromBytes(png, $"{Interlocked.Increment(ref pulled)}");
        }

        var taken = 0;
        await foreach (var one in _classifier.PredictStreamAsync(Endless()))
        {
            Assert.Equal($"{++taken}", one.Id);
            if (taken == 100) break;
        }

        Assert.InRange(pulled, 100, 100 + (8 * Environment.ProcessorCount) + 2);

        using var source = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var one in _classifier.PredictStreamAsync(Endless(), cancellationToken: source.Token)) await source.CancelAsync();
        });
    }

    [Fact]
    public void A_stream_of_a_disposed_classifier_is_refused_before_it_is_read()
    {
        var classifier = ImageClassifier.Create(_extractor, _head, s_labels);
        classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => classifier.PredictStreamAsync([_folder.File("missing.jpg")]));
        Assert.Throws<ArgumentNullException>(() => _classifier.PredictStreamAsync((IEnumerable<ImageInput>)null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => _classifier.PredictStreamAsync([_folder.File("missing.jpg")], batchSize: -1));
    }

    private static async Task<IAsyncDisposable> AsDisposable<T>(Task<T> task) where T : IAsyncDisposable => await task;

    private Task<IAsyncDisposable> OpenAsync(string door, FeatureExtractorOptions options, CancellationToken cancellationToken) => door switch
    {
        "ImageClassifier.Load" => AsDisposable(ImageClassifier.LoadAsync(_folder.File("saved.onnx"), options, cancellationToken)),
        "ReloadableClassifier.Load" => AsDisposable(ReloadableClassifier.LoadAsync(_folder.File("saved.onnx"), options, cancellationToken)),
        "ImageClassifier.FromBackbone" => AsDisposable(ImageClassifier.FromBackboneAsync(_folder.File("tiny.onnx"), options, cancellationToken: cancellationToken)),
        _ => AsDisposable(FeatureExtractor.LoadAsync(_folder.File("tiny.onnx"), options, cancellationToken: cancellationToken)),
    };

    private async Task<(Action<string> Write, Func<string, CancellationToken, Task> WriteAsync)> WriterAsync(string door)
    {
        switch (door)
        {
            case "Save": return (_classifier.Save, _classifier.SaveAsync);
            case "SaveHead": return (_classifier.SaveHead, _classifier.SaveHeadAsync);
            case "Head.Save": return (path => _head.Save(path, s_labels), (path, token) => _head.SaveAsync(path, s_labels, token));
            case "EvaluationRun.WriteReport":
                var run = await _classifier.EvaluateAsync(Photos());
                return (run.WriteReport, run.WriteReportAsync);
            default:
                var result = await ImageClassifier.TrainAsync(_extractor, Photos());
                return (result.WriteReport, result.WriteReportAsync);
        }
    }

    private static ImageDataset Photos() => ImageDataset.FromItems(Enumerable.Range(0, 40).Select(i => new LabeledImage(
        ImageInput.FromBytes(TestImage.NoisyPng(20, 20, i % 2 == 0 ? ((byte)20, (byte)200, (byte)210) : ((byte)250, (byte)140, (byte)10), i), $"{i}"), s_labels[i % 2])));

    /// <summary>Notes the threads on which networks are opened.</summary>
    private sealed class ThreadLogger : ILogger
    {
        public List<int> Openings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 1) Openings.Add(Environment.CurrentManagedThreadId);
        }
    }
}
