using System.Collections.Concurrent;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class ReloadableClassifierTests : IClassFixture<ReloadableClassifierTests.Files>
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(60);

    private readonly Files _files;

    public ReloadableClassifierTests(Files files) => _files = files;

    [Fact]
    public async Task A_thousand_swaps_under_load_fail_no_request_and_close_every_classifier_but_the_last()
    {
        const int Swaps = 1000;
        var first = Load("one");
        await using var serving = new ReloadableClassifier(first, s_onCpu);
        var isDone = false;
        var served = new ConcurrentDictionary<string, int>();
        using var answers = new SemaphoreSlim(0);
        var requests = Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            async () =>
            {
                while (!Volatile.Read(ref isDone))
                {
                    var prediction = thread % 4 == 0 ? (await serving.PredictAsync([_files.Photo, _files.Photo]))[1].Prediction! : serving.Predict(_files.Photo);
                    served.AddOrUpdate(prediction.Label, 1, (_, count) => count + 1);
                    answers.Release();
                    // Eight threads without a pause would leave nothing of the processor for the swaps.
                    await Task.Delay(1);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()).ToArray();

        var replaced = new List<ImageClassifier> { first };
        for (var i = 0; i < Swaps; i++)
        {
            var next = Load(i % 2 == 0 ? "two" : "one");
            // However fast the swaps are, each has requests around it.
            Assert.True(await answers.WaitAsync(s_bound), "no request was answered");
            await serving.SwapAsync(next).WaitAsync(s_bound);
            Assert.Throws<ObjectDisposedException>(() => replaced[^1].Predict(_files.Photo));
            replaced.Add(next);
        }

        Assert.True(await answers.WaitAsync(s_bound), "no request was answered");
        Volatile.Write(ref isDone, true);
        await Task.WhenAll(requests).WaitAsync(s_bound);
        Assert.True(served.Values.Sum() > Swaps, $"only {served.Values.Sum()} requests");
        Assert.Equal(["one", "two"], served.Keys.Select(label => label.Split('-')[0]).Distinct().Order());
        Assert.StartsWith("one", replaced[^1].Predict(_files.Photo).Label, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_comes_in_the_middle_of_a_swap_gets_a_classifier()
    {
        List<ImageClassifier> next = [.. Enumerable.Range(0, 60).Select(_ => Load("two"))];
        await using var serving = new ReloadableClassifier(Load("one"), s_onCpu);
        var isDone = false;
        // They do nothing but come and go, so that the scheduler stops many of them between seeing a classifier and entering it.
        var requests = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (!Volatile.Read(ref isDone)) serving.Acquire().Dispose();
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        foreach (var classifier in next)
        {
            await serving.SwapAsync(classifier).WaitAsync(s_bound);
            await Task.Delay(1);
        }

        Volatile.Write(ref isDone, true);
        await Task.WhenAll(requests).WaitAsync(s_bound);
    }

    [Fact]
    public async Task A_request_in_flight_finishes_on_the_old_classifier_while_new_ones_get_the_new_one()
    {
        await using var serving = new ReloadableClassifier(Load("one"), s_onCpu);
        var lease = serving.Acquire();
        var swap = serving.SwapAsync(Load("two"));
        Assert.StartsWith("two", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
        Assert.StartsWith("one", lease.Classifier.Predict(_files.Photo).Label, StringComparison.Ordinal);
        Assert.False(swap.IsCompleted);

        var old = lease.Classifier;
        lease.Dispose();
        lease.Dispose();
        await swap.WaitAsync(s_bound);
        Assert.Throws<ObjectDisposedException>(() => old.Predict(_files.Photo));
        Assert.Throws<ObjectDisposedException>(() => lease.Classifier);
    }

    [Fact]
    public async Task Every_way_of_predicting_is_that_of_the_classifier()
    {
        using var classifier = Load("one");
        await using var serving = ReloadableClassifier.Load(_files.Path("one"), s_onCpu);
        var expected = classifier.Predict(_files.Photo).Probabilities;
        var bytes = File.ReadAllBytes(_files.Photo);
        using var pixels = ImageDecoders.Default.Decode(bytes);
        Assert.Equal(expected, serving.Predict(_files.Photo).Probabilities);
        Assert.Equal(expected, serving.Predict(bytes.AsSpan()).Probabilities);
        Assert.Equal(expected, (await serving.PredictAsync(new MemoryStream(bytes))).Probabilities);
        Assert.Equal(expected, serving.Predict(ImageInput.FromPixels(pixels)).Probabilities);
        Assert.Equal(expected, (await serving.PredictAsync(_files.Photo)).Probabilities);
        Assert.Equal(expected, Assert.Single(await serving.PredictAsync([_files.Photo])).Prediction!.Probabilities);
    }

    [Fact]
    public async Task A_file_that_does_not_load_leaves_the_old_classifier_serving()
    {
        await using var serving = new ReloadableClassifier(Load("one"), s_onCpu);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => serving.ReloadAsync(_files.Path("missing")));
        Assert.StartsWith("one", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
        await serving.ReloadAsync(_files.Path("two"));
        Assert.StartsWith("two", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.ReloadAsync(_files.Path("one"), canceled.Token));
        Assert.StartsWith("two", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Canceling_stops_the_waiting_and_not_the_exchange()
    {
        await using var serving = new ReloadableClassifier(Load("one"), s_onCpu);
        var lease = serving.Acquire();
        var old = lease.Classifier;
        using var cancel = new CancellationTokenSource();
        var swap = serving.SwapAsync(Load("two"), cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => swap.WaitAsync(s_bound));
        Assert.StartsWith("two", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
        Assert.StartsWith("one", old.Predict(_files.Photo).Label, StringComparison.Ordinal);
        lease.Dispose();
        Assert.True(SpinWait.SpinUntil(() => old.IsDisposed, s_bound));
    }

    [Fact]
    public async Task A_classifier_that_serves_or_did_is_refused()
    {
        var (first, second) = (Load("one"), Load("two"));
        await using var serving = new ReloadableClassifier(first, s_onCpu);
        await Assert.ThrowsAsync<ArgumentException>("next", () => serving.SwapAsync(first));
        using (serving.Acquire())
        {
            _ = serving.SwapAsync(second);
            await Assert.ThrowsAsync<ArgumentException>("next", () => serving.SwapAsync(first));
        }

        Assert.True(SpinWait.SpinUntil(() => first.IsDisposed, s_bound));
        Assert.True(SpinWait.SpinUntil(
            () => Record.Exception(() => serving.SwapAsync(first).GetAwaiter().GetResult()) is ObjectDisposedException { ObjectName: "OnnxTransfer.ImageClassifier" }, s_bound));
        Assert.Throws<ObjectDisposedException>(() => new ReloadableClassifier(first));
        Assert.StartsWith("two", serving.Predict(_files.Photo).Label, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposal_closes_the_current_classifier_and_those_that_requests_still_use(bool asynchronously)
    {
        var (first, second) = (Load("one"), Load("two"));
        using var third = Load("one");
        var serving = new ReloadableClassifier(first, s_onCpu);
        var lease = serving.Acquire();
        var swap = serving.SwapAsync(second);
        if (asynchronously) await serving.DisposeAsync();
        else serving.Dispose();
        serving.Dispose();
        Assert.True(first.IsDisposed && second.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => lease.Classifier.Predict(_files.Photo));
        Assert.Equal("OnnxTransfer.ReloadableClassifier", Assert.Throws<ObjectDisposedException>(() => serving.Predict(_files.Photo)).ObjectName);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving.ReloadAsync(_files.Path("one")));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving.SwapAsync(third));
        Assert.StartsWith("one", third.Predict(_files.Photo).Label, StringComparison.Ordinal);
        lease.Dispose();
        await swap.WaitAsync(s_bound);
    }

    private ImageClassifier Load(string name) => ImageClassifier.Load(_files.Path(name), s_onCpu);

    /// <summary>Two trained classifiers whose labels begin with the name of their file.</summary>
    public sealed class Files : IDisposable
    {
        private readonly TempFolder _folder = new();

        public Files()
        {
            var backbone = _folder.File("tiny.onnx");
            TinyBackbone.Write(backbone);
            using var extractor = FeatureExtractor.Load(backbone, s_onCpu);
            foreach (var name in new[] { "one", "two" })
            {
                foreach (var (label, red) in new[] { ("cold", 40), ("warm", 220) })
                {
                    for (var i = 0; i < 4; i++) File.WriteAllBytes(_folder.File(name, $"{name}-{label}", $"{i}.png"), TestImage.NoisyPng(20, 20, ((byte)red, 90, 60), i));
                }

                var images = ImageDataset.FromFolder(System.IO.Path.Combine(_folder.Path, name));
                Photo = images.Images[0].Id;
                using var classifier = ImageClassifier.TrainAsync(extractor, images, new TrainingPlan { Epochs = 1 }).GetAwaiter().GetResult().Classifier;
                classifier.Save(Path(name));
            }
        }

        internal string Photo { get; } = "";

        internal string Path(string name) => _folder.File(name + ".onnx");

        public void Dispose() => _folder.Dispose();
    }
}
