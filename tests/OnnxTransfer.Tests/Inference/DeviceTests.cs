using System.Numerics.Tensors;
using OnnxTransfer.Embedding;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Embedding;

namespace OnnxTransfer.Tests.Inference;

/// <summary>
/// A network in the memory of a real device, against the CPU. Skipped where ONNX Runtime finds no device; docs/gpu.md says how to
/// run them on any machine, with a Vulkan driver that computes on the processor.
/// </summary>
[Trait("Category", "Device")]
public sealed class DeviceTests(PipelineFixture fixture) : IClassFixture<PipelineFixture>
{
    // Other kernels add in another order, and CUDA's multiply with 10 bits of every factor (TF32).
    private static readonly float s_tolerance = DeviceFactAttribute.Provider == ExecutionProvider.Cuda ? 1e-2f : 1e-4f;

    [DeviceTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Rows_are_those_of_the_cpu_whatever_the_batch(int batchSize)
    {
        using var extractor = Load();
        Assert.Equal(DeviceFactAttribute.Provider, extractor.Provider);
        var result = await extractor.EmbedAsync(ImageInput.FromFiles(fixture.Photos), batchSize);
        Assert.Empty(result.Skipped);
        for (var i = 0; i < fixture.Photos.Count; i++) AssertClose(fixture.Expected[i], result.Features.Row(i).ToArray());
    }

    [DeviceFact]
    public async Task A_single_image_and_a_batch_do_not_disturb_each_other()
    {
        using var extractor = Load();
        for (var round = 0; round < 2; round++)
        {
            AssertClose(fixture.Expected[3], extractor.Embed(fixture.Photos[3]));
            var result = await extractor.EmbedAsync(ImageInput.FromFiles(fixture.Photos), 5);
            AssertClose(fixture.Expected[9], result.Features.Row(9).ToArray());
        }
    }

    [DeviceFact]
    public async Task Many_threads_each_get_their_own_row()
    {
        using var extractor = Load();
        await Parallel.ForEachAsync(Enumerable.Range(0, fixture.Photos.Count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, (i, _) =>
        {
            AssertClose(fixture.Expected[i], extractor.Embed(fixture.Photos[i]));
            return ValueTask.CompletedTask;
        });
    }

    [DeviceFact]
    public async Task More_batch_sizes_than_the_device_keeps_memory_for_are_right_each_time()
    {
        using var extractor = Load();
        foreach (var size in (int[])[1, 2, 3, 4, 5, 6, 1, 2])
        {
            var result = await extractor.EmbedAsync(ImageInput.FromFiles(fixture.Photos.Take(7)), size);
            for (var i = 0; i < 7; i++) AssertClose(fixture.Expected[i], result.Features.Row(i).ToArray());
        }
    }

    /// <summary>Recorded or, where replaying gives other numbers, refused with a reason: never wrong.</summary>
    [DeviceFact]
    public async Task Recorded_work_gives_the_same_rows_or_is_refused()
    {
        using var extractor = Load(capture: true);
        // What WebGPU records in ONNX Runtime 1.29 replays old numbers.
        if (DeviceFactAttribute.Provider == ExecutionProvider.WebGpu) Assert.Contains("not recorded: what is replayed gives other numbers", extractor.ProviderReason, StringComparison.Ordinal);
        else Assert.Contains("recorded once for each batch size", extractor.ProviderReason, StringComparison.Ordinal);
        foreach (var path in fixture.Photos.Take(5)) AssertClose(fixture.Expected[fixture.Photos.ToList().IndexOf(path)], extractor.Embed(path));
        var result = await extractor.EmbedAsync(ImageInput.FromFiles(fixture.Photos), 8);
        for (var i = 0; i < fixture.Photos.Count; i++) AssertClose(fixture.Expected[i], result.Features.Row(i).ToArray());
    }

    /// <summary>A network whose recording is sound on every device, WebGPU's in ONNX Runtime 1.29 included: it has no convolution.</summary>
    [DeviceFact]
    public void Recorded_work_gives_the_rows_of_the_cpu_at_every_batch_size()
    {
        const int Dim = 5, ImageLength = 3 * 8 * 8;
        var graph = new OnnxGraphBuilder("dense");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Node("Flatten", "flat", ["image"]);
        graph.Node("MatMul", "product", ["flat", graph.Constant("weights", [ImageLength, Dim], Noise(ImageLength * Dim, 1))]);
        graph.Node("Sigmoid", "features", ["product"]);
        graph.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), Dim]);
        var network = new NetworkGraph(graph.Build("dense"), "dense", "image", [3, 8, 8], "features", Dim);
        using var cpu = new OnnxSession(network, SessionSettings.OnCpu());
        using var device = new OnnxSession(network, new SessionSettings(DeviceFactAttribute.Provider!.Value, CaptureGraph: true));
        Assert.Contains("recorded once for each batch size", device.Provider.Reason, StringComparison.Ordinal);
        // More sizes than keep their memory, so that some are recorded again.
        foreach (var (size, seed) in ((int, int)[])[(1, 1), (1, 2), (8, 3), (1, 4), (3, 5), (8, 6), (4, 7), (5, 8), (8, 9), (1, 10)])
        {
            var images = Noise(size * ImageLength, seed);
            var (expected, actual) = (new float[size * Dim], new float[size * Dim]);
            cpu.Run(images, size, expected);
            device.Run(images, size, actual);
            AssertClose(expected, actual);
        }

        Assert.DoesNotContain("But", device.Provider.Reason, StringComparison.Ordinal);
    }

    [DeviceFact]
    public async Task A_failing_network_fails_the_run_with_its_name()
    {
        using var session = fixture.Session(TinyBackbone.Dim + 1, DeviceFactAttribute.Provider!.Value);
        var exception = await Assert.ThrowsAsync<ModelException>(async () =>
        {
            await foreach (var _ in fixture.Pipeline(new PipelineShape(4, 2, 1), session: session).RunAsync(ImageInput.FromFiles(fixture.Photos).ToAsyncEnumerable(), CancellationToken.None)) { }
        });
        Assert.Contains("tiny", exception.Message, StringComparison.Ordinal);
    }

    [DeviceFact]
    public async Task A_batch_that_no_array_holds_is_refused_with_its_size()
    {
        using var extractor = Load();
        var exception = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => extractor.EmbedAsync(ImageInput.FromFiles(fixture.Photos), int.MaxValue));
        Assert.Contains("smaller batch", exception.Message, StringComparison.Ordinal);
    }

    [DeviceFact]
    public void Closing_twice_and_using_it_afterward_are_as_on_the_cpu()
    {
        var extractor = Load();
        extractor.Embed(fixture.Photos[0]);
        extractor.Dispose();
        extractor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => extractor.Embed(fixture.Photos[0]));
    }

    [DeviceFact]
    public void Its_operators_are_counted_on_the_device()
    {
        using var extractor = Load();
        Assert.Contains(extractor.CountNodes(), nodes => nodes.Provider != "CPU" && nodes.Count > 0);
    }

    private static float[] Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) / 4)];
    }

    private FeatureExtractor Load(bool capture = false) =>
        FeatureExtractor.Load(fixture.Model, new FeatureExtractorOptions { Provider = DeviceFactAttribute.Provider!.Value, CaptureGraph = capture });

    private static void AssertClose(float[] expected, float[] actual)
    {
        var difference = new float[expected.Length];
        TensorPrimitives.Subtract(expected, actual, difference);
        var worst = Math.Abs(TensorPrimitives.MaxMagnitude<float>(difference)) / Math.Abs(TensorPrimitives.MaxMagnitude<float>(expected));
        Assert.True(worst <= s_tolerance, $"off by {worst:E1} of the largest number");
    }
}

/// <summary>A test that needs a device besides the CPU.</summary>
internal sealed class DeviceFactAttribute : FactAttribute
{
    private static readonly Lazy<ExecutionProvider?> s_provider = new(() => DeviceProvider.All
        .Where(device => device.Provider is ExecutionProvider.Cuda or ExecutionProvider.DirectMl or ExecutionProvider.WebGpu)
        .Where(device => device.Probe() is null)
        .Select(device => (ExecutionProvider?)device.Provider).FirstOrDefault());

    public DeviceFactAttribute()
    {
        Skip = WhyNot!;
    }

    /// <summary>Null where there is a device, and where one must be.</summary>
    internal static string? WhyNot => Provider is not null || Environment.GetEnvironmentVariable("ONNXTRANSFER_DEVICE_TESTS") == "required" ? null : "needs a device that ONNX Runtime can use; see docs/gpu.md";

    internal static ExecutionProvider? Provider => s_provider.Value;
}

/// <inheritdoc cref="DeviceFactAttribute"/>
internal sealed class DeviceTheoryAttribute : TheoryAttribute
{
    public DeviceTheoryAttribute()
    {
        Skip = DeviceFactAttribute.WhyNot!;
    }
}
