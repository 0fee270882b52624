using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Inference;

/// <summary>Networks that never end, by a loop of 2^62 rounds, through every door that runs a network.</summary>
public sealed class RunLimitTests : IDisposable
{
    private const string Sentence = " was ended after 0.3 seconds, the time limit of one run (MaxRunTime, --max-run-time): raise the limit if the network is that slow here, otherwise use another network.";

    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(2);

    private static readonly FeatureExtractorOptions s_limited = new() { Provider = ExecutionProvider.Cpu, Threads = 2, MaxRunTime = TimeSpan.FromSeconds(0.3) };

    private static readonly byte[] s_bright = TestImage.NoisyPng(20, 20, (254, 254, 254), 1);
    private static readonly byte[] s_dark = TestImage.NoisyPng(20, 20, (30, 40, 50), 2);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Opening runs the network too: to check the optimizer, and to learn the shape of a layer.</summary>
    [Fact]
    public async Task A_network_that_never_ends_does_not_open()
    {
        var path = Write(onlyBright: false);
        var graph = OnnxModel.Load(path);
        var measured = await Assert.ThrowsAsync<ModelException>(() => Task.Run(() => TensorShape.Measure(graph, TinyBackbone.Card().Input, "features", s_limited.MaxRunTime)).WaitAsync(s_bound));
        Assert.EndsWith(Sentence, measured.Message, StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<ModelException>(() => FeatureExtractor.LoadAsync(path, s_limited).WaitAsync(s_bound));
        Assert.True(error.Message.StartsWith("A run of ", StringComparison.Ordinal), error.Message);
        Assert.Contains("looping", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(Sentence, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_takes_too_long_ends_and_the_next_one_works()
    {
        using var extractor = FeatureExtractor.Load(Write(onlyBright: true), s_limited);
        var expected = extractor.Embed((ReadOnlySpan<byte>)s_dark);
        Func<Task>[] doors =
        [
            () => Task.Run(() => extractor.Embed((ReadOnlySpan<byte>)s_bright)),
            () => Task.Run(() => extractor.Embed(ImageInput.FromBytes(s_bright, "bright"))),
            () => extractor.EmbedAsync(ImageInput.FromBytes(s_bright, "bright")),
            () => extractor.EmbedAsync(new MemoryStream(s_bright)),
            () => extractor.EmbedAsync(Many()),
            async () =>
            {
                await foreach (var _ in extractor.EmbedStreamAsync(Many())) { }
            },
        ];
        foreach (var door in doors)
        {
            var error = await Assert.ThrowsAsync<ModelException>(() => door().WaitAsync(s_bound));
            Assert.EndsWith(Sentence, error.Message, StringComparison.Ordinal);
            Assert.Equal(expected, extractor.Embed((ReadOnlySpan<byte>)s_dark));
        }
    }

    /// <summary>A limit ends the run that it is for, and no other of the same session.</summary>
    [Fact]
    public async Task Runs_beside_one_that_is_ended_go_on()
    {
        using var extractor = FeatureExtractor.Load(Write(onlyBright: true), s_limited);
        var expected = extractor.Embed((ReadOnlySpan<byte>)s_dark);
        var endless = Task.Run(() => extractor.Embed((ReadOnlySpan<byte>)s_bright));
        while (!endless.IsCompleted) Assert.Equal(expected, extractor.Embed((ReadOnlySpan<byte>)s_dark));
        await Assert.ThrowsAsync<ModelException>(() => endless);
    }

    [Fact]
    public async Task A_cancellation_ends_a_run_that_does_not_end_by_itself()
    {
        using var extractor = FeatureExtractor.Load(Write(onlyBright: true), s_limited with { MaxRunTime = null });
        using var stop = new CancellationTokenSource(200);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extractor.EmbedAsync(Many(), cancellationToken: stop.Token).WaitAsync(s_bound));
        Assert.True(stop.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extractor.EmbedAsync(ImageInput.FromBytes(s_bright, "bright"), new CancellationTokenSource(200).Token).WaitAsync(s_bound));
        extractor.Embed((ReadOnlySpan<byte>)s_dark);
    }

    private static ImageInput[] Many() => [.. Enumerable.Range(0, 8).Select(i => ImageInput.FromBytes(i == 3 ? s_bright : s_dark, $"image {i}"))];

    private string Write(bool onlyBright)
    {
        var path = _folder.File("looping.onnx");
        LoopingBackbone.Write(path, onlyBright);
        return path;
    }
}
