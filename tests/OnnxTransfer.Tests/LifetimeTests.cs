using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>What <c>Dispose</c> does to calls in flight, and after them.</summary>
public sealed class LifetimeTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Disposal_against_every_call_in_flight_gives_results_or_refusals() => HammerAsync(rounds: 300);

    [Fact]
    [Trait("Category", "Long")]
    public Task Ten_thousand_disposals_against_every_call_in_flight_give_results_or_refusals() => HammerAsync(rounds: 10_000);

    [Fact]
    public async Task A_disposed_extractor_refuses_every_call_by_its_name()
    {
        var extractor = Open();
        var photos = Photos(2);
        await extractor.DisposeAsync();
        extractor.Dispose();
        using var pixels = ImageDecoders.Default.DecodeFile(photos[0]);
        using var bitmap = SkiaSharp.SKBitmap.Decode(photos[0]);
        Action[] calls =
        [
            () => extractor.Embed(photos[0]),
            () => extractor.Embed("missing.png"),
            () => extractor.Embed(File.ReadAllBytes(photos[0]).AsSpan()),
            () => extractor.Embed(ImageInput.FromPixels(pixels)),
            () => extractor.Embed(ImageInput.FromBitmap(bitmap)),
            () => extractor.Embed(photos[0], new float[TinyBackbone.Dim]),
            () => extractor.EmbedStreamAsync(ImageInput.FromFiles(photos)),
            () => extractor.EmbedStreamAsync(ImageInput.FromFiles(photos).ToAsyncEnumerable()),
            () => extractor.VerifyParity(),
            () => extractor.CountNodes(),
            () => extractor.DrawFilters(_folder.File("x.png")),
            () => extractor.DrawFeatureMaps("activated", photos[0], _folder.File("x.png")),
            () => extractor.DrawPatches("activated", 0, ImageInput.FromFiles(photos), _folder.File("x.png")),
        ];
        Assert.All(calls, call => Assert.Equal("OnnxTransfer.FeatureExtractor", Assert.Throws<ObjectDisposedException>(call).ObjectName));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => extractor.EmbedAsync(ImageInput.FromFiles(photos)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => extractor.EmbedAsync(photos[0]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => extractor.EmbedAsync(new MemoryStream(File.ReadAllBytes(photos[0]))));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ImageClassifier.TrainAsync(extractor, Classes()));
        Assert.Equal(TinyBackbone.Dim, extractor.Dim);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_disposed_classifier_refuses_every_call_by_its_name_whether_the_extractor_is_its_own_or_not(bool ownsExtractor)
    {
        using var extractor = Open();
        var classifier = await TrainAsync(extractor);
        var photo = Photos(1)[0];
        if (ownsExtractor)
        {
            classifier.Save(_folder.File("saved.onnx"));
            classifier = ImageClassifier.Load(_folder.File("saved.onnx"), s_onCpu);
        }

        classifier.Explain(photo);
        await classifier.DisposeAsync();
        classifier.Dispose();
        using var pixels = ImageDecoders.Default.DecodeFile(photo);
        Action[] calls =
        [
            () => classifier.Predict(photo),
            () => classifier.Predict(File.ReadAllBytes(photo).AsSpan()),
            () => classifier.Predict(ImageInput.FromPixels(pixels)),
            () => classifier.Explain(photo),
            () => classifier.Save(_folder.File("x.onnx")),
            () => classifier.SaveHead(_folder.File("x.onnx")),
        ];
        Assert.All(calls, call => Assert.Equal("OnnxTransfer.ImageClassifier", Assert.Throws<ObjectDisposedException>(call).ObjectName));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.PredictAsync(photo));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.PredictAsync(new MemoryStream(File.ReadAllBytes(photo))));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.PredictAsync([photo]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.PredictAsync([photo, photo]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.EvaluateAsync(Classes()));
        Assert.False(File.Exists(_folder.File("x.onnx")));
        Assert.Equal(TinyBackbone.Dim, extractor.Embed(photo).Length);
    }

    [Fact]
    public async Task A_classifier_whose_extractor_is_disposed_names_the_extractor()
    {
        var extractor = Open();
        using var classifier = await TrainAsync(extractor);
        var photo = Photos(1)[0];
        classifier.Explain(photo);
        extractor.Dispose();
        Assert.Equal("OnnxTransfer.FeatureExtractor", Assert.Throws<ObjectDisposedException>(() => classifier.Predict(photo)).ObjectName);
        Assert.Equal("OnnxTransfer.FeatureExtractor", Assert.Throws<ObjectDisposedException>(() => classifier.Explain(photo)).ObjectName);
    }

    [Fact]
    public async Task A_progress_handler_may_dispose_the_extractor_that_it_hears_of()
    {
        var extractor = Open();
        var run = extractor.EmbedAsync(ImageInput.FromFiles(Photos(30)), batchSize: 1, new Act(extractor.Dispose));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => run.WaitAsync(s_bound));
    }

    [Fact]
    public async Task A_loop_may_dispose_the_extractor_that_it_reads_from()
    {
        var extractor = Open();
        var seen = 0;
        await Assert.ThrowsAsync<ObjectDisposedException>(() => LoopAsync().WaitAsync(s_bound));
        Assert.True(seen > 0);

        async Task LoopAsync()
        {
            await foreach (var _ in extractor.EmbedStreamAsync(Endless(), batchSize: 1))
            {
                seen++;
                extractor.Dispose();
            }
        }
    }

    [Fact]
    public async Task A_decoder_may_dispose_the_extractor_that_it_reads_for()
    {
        FeatureExtractor? extractor = null;
        extractor = FeatureExtractor.Load(Tiny(), s_onCpu with { Decoder = new Disposing(() => extractor!.Dispose()) });
        var photo = Photos(1)[0];
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Task.Run(() => extractor.Embed(photo)).WaitAsync(s_bound));
    }

    [Fact]
    public void A_search_for_patches_ends_at_the_next_image()
    {
        FeatureExtractor? extractor = null;
        extractor = FeatureExtractor.Load(Tiny(), s_onCpu with { Decoder = new Disposing(() => extractor!.Dispose()) });
        var picture = _folder.File("patches.png");
        Assert.Throws<ObjectDisposedException>(() => extractor.DrawPatches("activated", 0, ImageInput.FromFiles(Photos(3)), picture));
        Assert.False(File.Exists(picture));
    }

    [Fact]
    public async Task A_network_that_is_opened_for_an_explanation_while_disposal_goes_by_is_closed_as_well()
    {
        using var extractor = Open();
        using var trained = await TrainAsync(extractor);
        trained.Save(_folder.File("saved.onnx"));
        ImageClassifier? classifier = null;
        // The classifier's own network is opened before there is a classifier to dispose; the next one is that of the explanation.
        classifier = ImageClassifier.Load(_folder.File("saved.onnx"), s_onCpu with { Logger = new Hearing(() => classifier?.Dispose()) });
        Assert.Equal("OnnxTransfer.ImageClassifier", Assert.Throws<ObjectDisposedException>(() => classifier.Explain(Photos(1)[0])).ObjectName);
    }

    [Fact]
    public async Task Disposal_ends_a_run_that_waits_for_its_reader_or_for_more_images()
    {
        var extractor = Open();
        // Nobody takes the second batch: the threads wait for room.
        var waiting = extractor.EmbedStreamAsync(Endless(), batchSize: 1).GetAsyncEnumerator();
        Assert.True(await waiting.MoveNextAsync());
        await Task.Run(extractor.Dispose).WaitAsync(s_bound);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => DrainAsync().WaitAsync(s_bound));

        async Task DrainAsync()
        {
            while (await waiting.MoveNextAsync()) { }
        }
    }

    [Fact]
    public async Task Disposal_ends_a_run_that_finds_all_its_rows_in_the_cache()
    {
        var photos = Photos(3);
        var extractor = FeatureExtractor.Load(Tiny(), s_onCpu with { Cache = new FeatureCache(_folder.File("cache")) });
        await extractor.EmbedAsync(ImageInput.FromFiles(photos));
        var seen = 0;
        var loop = Task.Run(async () =>
        {
            await foreach (var _ in extractor.EmbedStreamAsync(Repeat(photos), batchSize: 1)) Interlocked.Increment(ref seen);
        });
        SpinWait.SpinUntil(() => Volatile.Read(ref seen) > 10, s_bound);
        extractor.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => loop.WaitAsync(s_bound));
    }

    /// <summary>Runs the hammer in a process of its own: a crash in native code is a failed test and not a dead test run.</summary>
    private static async Task HammerAsync(int rounds)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!.Contains("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "OnnxTransfer.Hammer.dll"), "--rounds", $"{rounds}", "--seed", "1" }) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((0, ""), (process.ExitCode, await errors));
        Assert.Contains($"{rounds} disposals of seed 1", output, StringComparison.Ordinal);
    }

    private FeatureExtractor Open() => FeatureExtractor.Load(Tiny(), s_onCpu);

    private async Task<ImageClassifier> TrainAsync(FeatureExtractor extractor) =>
        (await ImageClassifier.TrainAsync(extractor, Classes(), new TrainingPlan { Epochs = 1 })).Classifier;

    private string Tiny()
    {
        var path = _folder.File("tiny.onnx");
        if (!File.Exists(path)) TinyBackbone.Write(path);
        return path;
    }

    private List<string> Photos(int count)
    {
        var paths = Enumerable.Range(0, count).Select(i => _folder.File("photos", $"{i}.png")).ToList();
        for (var i = 0; i < count; i++) File.WriteAllBytes(paths[i], TestImage.NoisyPng(20, 20, ((byte)(i * 7), 90, 90), i));
        return paths;
    }

    private ImageDataset Classes()
    {
        foreach (var (label, red) in new[] { ("cold", 40), ("warm", 220) })
        {
            for (var i = 0; i < 4; i++) File.WriteAllBytes(_folder.File("classes", label, $"{i}.png"), TestImage.NoisyPng(20, 20, ((byte)red, 90, 60), i));
        }

        return ImageDataset.FromFolder(Path.Combine(_folder.Path, "classes"));
    }

    private IEnumerable<ImageInput> Endless() => Repeat(Photos(1));

    private static IEnumerable<ImageInput> Repeat(IReadOnlyList<string> paths)
    {
        while (true)
        {
            foreach (var path in paths) yield return path;
        }
    }

    private sealed class Act(Action action) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => action();
    }

    /// <summary>A user's log that does something else at every line.</summary>
    private sealed class Hearing(Action action) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => action();
    }

    /// <summary>A user's decoder that does something else before it decodes.</summary>
    private sealed class Disposing(Action action) : IImageDecoder
    {
        public string Name => "disposing";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            action();
            return ImageDecoders.Default.Decode(encoded, options);
        }
    }
}
