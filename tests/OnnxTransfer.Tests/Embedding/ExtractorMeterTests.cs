using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

public sealed class ExtractorMeterTests : IDisposable
{
    // No other test embeds with a model of this name, so that what they do at the same time is not counted here.
    private const string Model = "metered";
    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly ConcurrentBag<Activity> _activities = [];
    private readonly MeterListener _listener = new();
    private readonly ActivityListener _activityListener;

    public ExtractorMeterTests()
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path);
        (TinyBackbone.Card() with { Id = Model }).Save(Path.ChangeExtension(path, ".model.json"));
        _extractor = FeatureExtractor.Load(path, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "OnnxTransfer") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Add(tags, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            Assert.Equal("s", instrument.Unit);
            Assert.InRange(value, 0, 60);
            Add(tags, 1);
        });
        _listener.Start();
        _activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "OnnxTransfer",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("onnxtransfer.model"), Model)) _activities.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(_activityListener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _activityListener.Dispose();
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("input")]
    [InlineData("input, asynchronously")]
    [InlineData("bytes")]
    [InlineData("stream")]
    public async Task A_single_image_is_counted_and_timed_whichever_way_it_comes(string way)
    {
        var png = TestImage.NoisyPng(20, 20, (200, 40, 30), 1);
        await Embed(png);
        Assert.Equal(1, _sums["embedded"]);
        Assert.Equal(1, _sums["prepare"]);
        Assert.Equal(1, _sums["run"]);
        if (way != "bytes") Assert.Equal(1, _sums["read"]);
        Assert.False(_sums.ContainsKey("skipped"));

        await Assert.ThrowsAsync<ImageDecodeException>(() => Embed("no image"u8.ToArray()));
        Assert.Equal(1, _sums["skipped"]);
        Assert.Equal(1, _sums["embedded"]);
        Assert.Equal(1, _sums["run"]);
        Assert.Equal(2, _activities.Count(activity => Equals(activity.GetTagItem("onnxtransfer.images"), 1) && activity.OperationName == "onnxtransfer.embed"));

        async Task Embed(byte[] encoded)
        {
            await Task.Yield();
            using var stream = new MemoryStream(encoded);
            _ = way switch
            {
                "input" => _extractor.Embed(ImageInput.FromBytes(encoded)),
                "bytes" => _extractor.Embed(encoded),
                "stream" => await _extractor.EmbedAsync(stream),
                _ => await _extractor.EmbedAsync(ImageInput.FromBytes(encoded)),
            };
        }
    }

    [Fact]
    public async Task The_images_of_a_run_are_counted_by_what_became_of_them()
    {
        using var cache = new TempFolder();
        using var extractor = FeatureExtractor.Load(
            _folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(cache.Path) });
        var images = Enumerable.Range(0, 3).Select(i => ImageInput.FromBytes(TestImage.NoisyPng(20, 20, (200, 40, 30), i)))
            .Append(ImageInput.FromBytes("no image"u8.ToArray())).ToArray();
        await extractor.EmbedAsync(images);
        Assert.Equal((3, 1), (_sums["embedded"], _sums["skipped"]));
        Assert.Equal(4, _sums["read"]);
        await extractor.EmbedAsync(images);
        Assert.Equal((3, 3, 2), (_sums["embedded"], _sums["cached"], _sums["skipped"]));
        Assert.Equal(2, _activities.Count(activity => Equals(activity.GetTagItem("onnxtransfer.images"), 4)));
    }

    private void Add(ReadOnlySpan<KeyValuePair<string, object?>> tags, double value)
    {
        Assert.Equal("onnxtransfer.model", tags[0].Key);
        if (!Equals(tags[0].Value, Model)) return;
        _sums.AddOrUpdate((string)tags[1].Value!, value, (_, sum) => sum + value);
    }
}
