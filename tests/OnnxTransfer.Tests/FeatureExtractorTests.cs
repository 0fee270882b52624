using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class FeatureExtractorTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Bytes_pixels_and_file_give_the_same_vector()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var png = TestImage.NoisyPng(33, 21, (200, 100, 50), 1);
        var path = _folder.File("image.png");
        File.WriteAllBytes(path, png);

        var vector = extractor.Embed(path);
        Assert.Equal(TinyBackbone.Dim, vector.Length);
        Assert.Equal(TinyBackbone.Dim, extractor.Dim);
        Assert.Contains(vector, value => value > 0);
        Assert.Equal(vector, extractor.Embed((ReadOnlySpan<byte>)png));
        using var pixels = ImageDecoders.Default.Decode(png);
        Assert.Equal(vector, extractor.Embed(ImageInput.FromPixels(pixels)));
    }

    [Fact]
    public void A_SkiaSharp_bitmap_gives_the_vector_of_its_file()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var png = TestImage.NoisyPng(33, 21, (200, 100, 50), 1);
        using var bitmap = SkiaSharp.SKBitmap.Decode(png);
        Assert.Equal(extractor.Embed((ReadOnlySpan<byte>)png), extractor.Embed(ImageInput.FromBitmap(bitmap)));
    }

    [Fact]
    public void The_vector_is_what_the_network_computes()
    {
        // A gray image of one value v is (v/255 - 0.5) / 0.5 = x in all places, so feature d is relu(x * (w0+w1+w2) + b).
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        using var pixels = PixelBuffer.FromRgb(Enumerable.Repeat((byte)204, 5 * 7 * 3).ToArray(), 5, 7);
        var random = new Random(42);
        var weights = Enumerable.Range(0, TinyBackbone.Dim * 3).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
        var bias = Enumerable.Range(0, TinyBackbone.Dim).Select(_ => (float)(random.NextDouble() * 0.2)).ToArray();
        var vector = extractor.Embed(ImageInput.FromPixels(pixels));
        for (var d = 0; d < TinyBackbone.Dim; d++)
        {
            Assert.Equal(Math.Max(0, (0.6 * ((double)weights[d * 3] + weights[(d * 3) + 1] + weights[(d * 3) + 2])) + bias[d]), vector[d], 1e-5);
        }
    }

    [Fact]
    public void Upsampling_enlarges_small_images_and_is_part_of_the_card()
    {
        var png = TestImage.NoisyPng(4, 4, (200, 100, 50), 1);
        using var nearest = FeatureExtractor.Load(Tiny(), OnCpu with { Upsampling = ResizeFilter.TensorFlowNearest });
        using var plain = FeatureExtractor.Load(Tiny(), OnCpu);

        // The tiny network averages a 1x1 convolution: repeating every pixel does not change the mean, smoothing behind a relu does.
        using var pixels = ImageDecoders.Default.Decode(png);
        var repeated = new byte[16 * 16 * 3];
        for (var i = 0; i < repeated.Length; i++) repeated[i] = pixels.Pixels[(3 * ((i / 3 / 16 / 4 * 4) + (i / 3 % 16 / 4))) + (i % 3)];
        using var enlarged = PixelBuffer.FromRgb(repeated, 16, 16);
        Assert.Equal(plain.Embed(ImageInput.FromPixels(enlarged)), nearest.Embed(png));
        Assert.Equal(ResizeFilter.TensorFlowNearest, ModelCard.FromJson(nearest.Card.ToJson()).Preprocess.Upsampling);
    }

    [Theory]
    [InlineData(TensorLayout.Nchw, null)]
    [InlineData(TensorLayout.Nhwc, null)]
    [InlineData(TensorLayout.Nchw, 1)]
    [InlineData(TensorLayout.Nhwc, 4)]
    public async Task Layout_and_batch_axis_make_no_difference(TensorLayout layout, int? batch)
    {
        using var reference = FeatureExtractor.Load(Tiny(), OnCpu);
        using var extractor = FeatureExtractor.Load(Tiny(layout, batch), OnCpu);
        var paths = Photos(11);
        var result = await extractor.EmbedAsync(ImageInput.FromFiles(paths), batchSize: 3);
        Assert.Equal(11, result.Features.RowCount);
        for (var i = 0; i < paths.Count; i++)
        {
            var expected = reference.Embed(paths[i]);
            for (var d = 0; d < expected.Length; d++) Assert.Equal(expected[d], result.Features.Row(i)[d], 1e-6f);
        }
    }

    [Fact]
    public async Task Unusable_images_leave_a_reason_and_no_row()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var paths = Photos(6);
        File.WriteAllText(paths[1], "text");
        File.WriteAllBytes(paths[4], []);
        paths.Add(_folder.File("missing.png"));
        var seen = new List<WorkProgress>();
        var result = await extractor.EmbedAsync(ImageInput.FromFiles(paths), batchSize: 4, new Collect(seen));
        Assert.Equal([0, 2, 3, 5], result.Indices);
        Assert.Equal([paths[1], paths[4], paths[6]], result.Skipped.Select(skipped => skipped.Id));
        Assert.Equal(3, result.Skipped.Select(skipped => skipped.Reason).Distinct().Count());
        Assert.Equal(extractor.Embed(paths[5]), result.Features.Row(3).ToArray());
        Assert.Equal([4, 7], seen.Select(progress => progress.Done));
    }

    [Fact]
    public async Task Sixteen_threads_at_once_give_the_vectors_of_one()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var paths = Photos(16);
        var expected = paths.Select(path => extractor.Embed(path)).ToList();
        var vectors = await Task.WhenAll(paths.Select(path => Task.Factory.StartNew(
            () => Enumerable.Range(0, 10).Select(_ => extractor.Embed(path)).ToList(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        for (var i = 0; i < paths.Count; i++) Assert.All(vectors[i], vector => Assert.Equal(expected[i], vector));
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public async Task Sixteen_threads_on_a_real_network_give_the_vectors_of_one_and_batches_too()
    {
        using var extractor = FeatureExtractor.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"), OnCpu);
        var paths = Directory.GetFiles(Repository.SharedPath("data", "flowers", "daisy")).Order(StringComparer.Ordinal).Take(16).ToList();
        var expected = paths.Select(path => extractor.Embed(path)).ToList();
        Assert.Equal(1280, expected[0].Length);
        var vectors = await Task.WhenAll(paths.Select(path => Task.Factory.StartNew(
            () => extractor.Embed(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        for (var i = 0; i < paths.Count; i++) Assert.Equal(expected[i], vectors[i]);

        var batched = await extractor.EmbedAsync(ImageInput.FromFiles(paths), batchSize: 5);
        for (var i = 0; i < paths.Count; i++)
        {
            var greatest = expected[i].Zip(batched.Features.Row(i).ToArray(), (a, b) => Math.Abs(a - b)).Max();
            Assert.InRange(greatest, 0, 1e-4f);
        }
    }

    [Fact]
    public void What_it_runs_on_is_reported()
    {
        using var cpu = FeatureExtractor.Load(Tiny(), OnCpu);
        Assert.Equal(ExecutionProvider.Cpu, cpu.Provider);
        using var auto = FeatureExtractor.Load(Tiny());
        Assert.NotEqual(ExecutionProvider.Auto, auto.Provider);
        // On the CPU it says why it is not on a GPU, and on a GPU which one it is.
        Assert.Contains(auto.Provider == ExecutionProvider.Cpu ? "CUDA" : auto.Provider.ToString(), auto.ProviderReason, StringComparison.OrdinalIgnoreCase);
        Assert.NotEqual("", cpu.ProviderReason);
    }

    [Fact]
    public void A_cpu_has_no_work_to_record_and_says_so()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu with { CaptureGraph = true });
        Assert.Contains("not recorded", extractor.ProviderReason, StringComparison.Ordinal);
        using var plain = FeatureExtractor.Load(Tiny(), OnCpu);
        Assert.DoesNotContain("recorded", plain.ProviderReason, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_are_counted_where_they_run()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        var nodes = extractor.CountNodes();
        Assert.NotEmpty(nodes);
        Assert.All(nodes, node => Assert.True(node is { Provider: "CPU", Operator.Length: > 0, Count: > 0 }));
        extractor.Dispose();
        Assert.Throws<ObjectDisposedException>(extractor.CountNodes);
    }

    [Fact]
    public async Task Cancellation_stops_between_batches()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), OnCpu);
        using var stop = new CancellationTokenSource();
        var paths = Photos(8);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => extractor.EmbedAsync(ImageInput.FromFiles(paths), 2, new Act(stop.Cancel), stop.Token));
    }

    [Fact]
    public void A_wrong_input_name_lists_the_right_one()
    {
        var path = Tiny();
        var card = TinyBackbone.Card() with { Input = new ModelInput("picture", TensorLayout.Nchw, TinyBackbone.Side, TinyBackbone.Side) };
        card.Save(Path.ChangeExtension(path, ".model.json"));
        var error = Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu));
        Assert.Contains("image", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_size_or_layout_is_refused_before_any_image()
    {
        var path = Tiny();
        (TinyBackbone.Card() with { Input = new ModelInput("image", TensorLayout.Nhwc, TinyBackbone.Side, TinyBackbone.Side) }).Save(Path.ChangeExtension(path, ".model.json"));
        var error = Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu));
        Assert.Contains("layout", error.Message, StringComparison.Ordinal);
    }

    private string Tiny(TensorLayout layout = TensorLayout.Nchw, int? batch = null)
    {
        var path = _folder.File($"tiny-{layout}-{batch}.onnx");
        TinyBackbone.Write(path, layout, batch);
        return path;
    }

    private List<string> Photos(int count)
    {
        var paths = Enumerable.Range(0, count).Select(i => _folder.File("photos", $"{i:00}.png")).ToList();
        for (var i = 0; i < count; i++) File.WriteAllBytes(paths[i], TestImage.NoisyPng(20 + i, 30 - i, ((byte)(i * 15), (byte)(255 - (i * 9)), 90), i));
        return paths;
    }

    private sealed class Collect(List<WorkProgress> seen) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => seen.Add(value);
    }

    private sealed class Act(Action action) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => action();
    }
}
