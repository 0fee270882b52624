using OnnxTransfer.Embedding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

public sealed class EmbeddingPipelineTests(PipelineFixture fixture) : IClassFixture<PipelineFixture>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>On the CPU: batch size and threads. With runners: as on a device.</summary>
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 1, 0 }, { 1, 2, 0 }, { 1, 5, 0 }, { 3, 1, 0 }, { 3, 4, 0 }, { 64, 2, 0 }, { 1, 2, 1 }, { 7, 3, 1 }, { 7, 3, 2 }, { 64, 4, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Rows_come_in_order_and_to_the_bit_whatever_the_shape(int batchSize, int workers, int runners)
    {
        var images = await RunAsync(new PipelineShape(batchSize, workers, runners), fixture.Photos);
        Assert.Equal(fixture.Photos, images.Select(image => image.Id));
        Assert.Equal(Enumerable.Range(0, fixture.Photos.Count), images.Select(image => image.Index));
        for (var i = 0; i < images.Count; i++) Assert.Equal(fixture.Expected[i], images[i].Vector);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Bad_images_in_any_place_leave_a_reason_there_and_the_others_unchanged(int batchSize, int workers, int runners)
    {
        var text = fixture.NewFile("text.jpg");
        await File.WriteAllTextAsync(text, "text");
        // The first, the last, a whole batch of the size three, and neighbors across batches.
        int[] bad = [0, 3, 4, 5, 6, 20, 39];
        var paths = fixture.Photos.Select((path, i) => !bad.Contains(i) ? path : i % 2 == 0 ? text : "missing.png").ToList();
        var images = await RunAsync(new PipelineShape(batchSize, workers, runners), paths);
        for (var i = 0; i < images.Count; i++)
        {
            if (bad.Contains(i)) Assert.True(images[i] is { Vector: null, Error.Length: > 0 }, $"image {i}");
            else Assert.Equal(fixture.Expected[i], images[i].Vector);
        }
    }

    [Fact]
    public async Task Nothing_but_bad_images_and_nothing_at_all_come_to_an_end()
    {
        var images = await RunAsync(new PipelineShape(3, 2, 0), ["no.png", "nor.png", "this.png", "either.png"]);
        Assert.All(images, image => Assert.Null(image.Vector));
        Assert.Equal(4, images.Count);
        Assert.Empty(await RunAsync(new PipelineShape(3, 2, 1), []));
    }

    [Theory]
    [InlineData(1, 2, 0)]
    [InlineData(4, 2, 1)]
    public async Task No_more_is_read_than_the_window_while_rows_are_not_taken(int batchSize, int workers, int runners)
    {
        var shape = new PipelineShape(batchSize, workers, runners);
        // The batch that was taken, those on their way, and the one in the hand of whoever reads the list.
        var most = batchSize * (1 + shape.Window + 1);
        var pulled = 0;
        await foreach (var batch in fixture.Pipeline(shape).RunAsync(Endless(() => Interlocked.Increment(ref pulled)).ToAsyncEnumerable(), CancellationToken.None))
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref pulled) >= most - batchSize, s_patience);
            await Task.Delay(50);
            Assert.InRange(Volatile.Read(ref pulled), most - batchSize, most);
            break;
        }

        // Leaving the loop has stopped the reading.
        var after = pulled;
        await Task.Delay(20);
        Assert.Equal(after, pulled);
    }

    [Fact]
    public async Task Cancellation_ends_a_run_that_would_not_end()
    {
        using var stop = new CancellationTokenSource();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in fixture.Pipeline(new PipelineShape(2, 2, 0)).RunAsync(Endless(() => { }).ToAsyncEnumerable(), stop.Token))
            {
                seen += batch.Count;
                if (seen == 20) await stop.CancelAsync();
            }
        });
        Assert.True(seen >= 20);
    }

    [Fact]
    public async Task A_fault_of_the_decoder_the_list_or_the_network_ends_the_run_with_that_fault()
    {
        var shape = new PipelineShape(2, 3, 0);
        await Assert.ThrowsAsync<NotSupportedException>(() => RunAsync(fixture.Pipeline(shape, new Faulty()), fixture.Photos));
        await Assert.ThrowsAsync<FormatException>(() => RunAsync(fixture.Pipeline(shape), fixture.Photos.Take(9).Concat(Broken())));
        using var wrong = fixture.Session(TinyBackbone.Dim + 1);
        await Assert.ThrowsAsync<ModelException>(() => RunAsync(fixture.Pipeline(shape, session: wrong), fixture.Photos));
    }

    [Fact]
    public void The_cpu_gets_no_more_threads_than_cores_and_a_device_gets_batches()
    {
        Assert.Equal(new PipelineShape(1, 3, 0), PipelineShape.For(ExecutionProvider.Cpu, 3, 0, null));
        Assert.Equal(Environment.ProcessorCount, PipelineShape.For(ExecutionProvider.Cpu, 0, 0, null).Workers);
        Assert.Equal(8, PipelineShape.For(ExecutionProvider.Cpu, 1, 8, null).BatchSize);
        Assert.Equal(4, PipelineShape.For(ExecutionProvider.Cpu, 1, 0, fixedBatch: 4).BatchSize);
        var device = PipelineShape.For(ExecutionProvider.Cuda, 3, 0, null);
        Assert.True(device is { BatchSize: > 1, Runners: 1, IsPadded: true });
    }

    [Fact]
    public async Task The_report_names_the_stage_that_takes_the_time()
    {
        var slow = fixture.Pipeline(new PipelineShape(1, 2, 0), new Slow());
        await RunAsync(slow, fixture.Photos.Take(6));
        Assert.Contains("Bottleneck: decoding", slow.Times.Bottleneck(TimeSpan.FromSeconds(1)), StringComparison.Ordinal);
        Assert.True(slow.Times[PipelineStage.Preparing] > slow.Times[PipelineStage.Running]);
    }

    [Fact]
    public void The_pace_is_that_of_the_last_seconds()
    {
        var meter = new ProgressMeter(1200);
        // A thousand rows from the cache at once, then ten images a second for twenty seconds.
        meter.Advance(1000, TimeSpan.FromSeconds(0.1));
        var progress = default(WorkProgress);
        for (var second = 1; second <= 19; second++) progress = meter.Advance(10, TimeSpan.FromSeconds(second));
        Assert.Equal(1190, progress.Done);
        Assert.InRange(progress.PerSecond, 9, 20);
        Assert.InRange(progress.Remaining!.Value.TotalSeconds, 0.5, 1.2);
    }

    private Task<List<EmbeddedImage>> RunAsync(PipelineShape shape, IEnumerable<string> paths) => RunAsync(fixture.Pipeline(shape), paths);

    private static async Task<List<EmbeddedImage>> RunAsync(EmbeddingPipeline pipeline, IEnumerable<string> paths)
    {
        var images = new List<EmbeddedImage>();
        await foreach (var batch in pipeline.RunAsync(paths.Select(ImageInput.FromFile).ToAsyncEnumerable(), CancellationToken.None)) images.AddRange(batch.Images);
        return images;
    }

    private IEnumerable<ImageInput> Endless(Action onPull)
    {
        for (var i = 0; ; i = (i + 1) % fixture.Photos.Count)
        {
            onPull();
            yield return fixture.Photos[i];
        }
    }

    private static IEnumerable<string> Broken()
    {
        yield return "missing.png";
        throw new FormatException();
    }

    private sealed class Faulty : IImageDecoder
    {
        public string Name => "faulty";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null) => throw new NotSupportedException();
    }

    private sealed class Slow : IImageDecoder
    {
        public string Name => "slow";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            Thread.Sleep(20);
            return ImageDecoders.Default.Decode(encoded, options);
        }
    }
}
