using OnnxTransfer.Inference;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Inference;

public sealed class DeviceProviderTests
{
    private static readonly SessionSettings s_second = new(ExecutionProvider.Auto, DeviceId: 1, CaptureGraph: true, PlanFolder: "plans");

    public static TheoryData<ExecutionProvider> Providers => [.. Enum.GetValues<ExecutionProvider>().Except([ExecutionProvider.Auto, ExecutionProvider.Cpu])];

    [Theory]
    [MemberData(nameof(Providers))]
    public void Every_provider_that_can_be_named_is_known(ExecutionProvider provider) => Assert.Equal(provider, DeviceProvider.Of(provider).Provider);

    [Theory]
    [InlineData(ExecutionProvider.Cuda)]
    [InlineData(ExecutionProvider.TensorRt)]
    [InlineData(ExecutionProvider.DirectMl)]
    public void The_number_of_the_device_is_passed_on(ExecutionProvider provider) =>
        Assert.Equal("1", DeviceProvider.Of(provider).Settings(s_second)["device_id"]);

    [Theory]
    [InlineData(ExecutionProvider.Cuda, "enable_cuda_graph")]
    [InlineData(ExecutionProvider.WebGpu, "enableGraphCapture")]
    public void Recording_is_asked_for_where_it_is_wanted_and_only_there(ExecutionProvider provider, string key)
    {
        var device = DeviceProvider.Of(provider);
        Assert.Equal("1", device.Settings(s_second)[key]);
        Assert.NotEqual("1", device.Settings(s_second with { CaptureGraph = false }).GetValueOrDefault(key));
    }

    [Fact]
    public void Plans_that_take_minutes_are_kept()
    {
        var device = DeviceProvider.Of(ExecutionProvider.TensorRt);
        var settings = device.Settings(s_second);
        Assert.Equal("1", settings["trt_engine_cache_enable"]);
        Assert.Equal("plans", settings["trt_engine_cache_path"]);
        Assert.True(device.PlansForMinutes);
        Assert.DoesNotContain("trt_engine_cache_enable", device.Settings(s_second with { PlanFolder = null }).Keys);
    }

    [Fact]
    public void TensorRt_is_told_of_a_network_in_16_bits()
    {
        var device = DeviceProvider.Of(ExecutionProvider.TensorRt);
        Assert.Equal("1", device.Settings(s_second with { IsHalf = true })["trt_fp16_enable"]);
        Assert.Equal("0", device.Settings(s_second)["trt_fp16_enable"]);
    }

    [Theory]
    [InlineData(ExecutionProvider.WebGpu)]
    [InlineData(ExecutionProvider.CoreMl)]
    [InlineData(ExecutionProvider.OpenVino)]
    public void A_number_that_a_provider_does_not_know_is_refused(ExecutionProvider provider)
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions();
        Assert.Contains("numbered", DeviceProvider.Of(provider).TryAppend(options, s_second), StringComparison.Ordinal);
    }

    /// <summary>A provider that is here runs a network, and as the CPU does; one that is not says so in one line, and nothing else runs in its place.</summary>
    [Theory]
    [MemberData(nameof(Providers))]
    public void A_provider_computes_or_says_in_one_line_why_not(ExecutionProvider provider)
    {
        using var folder = new TempFolder();
        var network = folder.File("tiny.onnx");
        TinyBackbone.Write(network);
        var photo = TestImage.NoisyPng(20, 20, (200, 40, 90), 1);
        if (DeviceProvider.Of(provider).Probe() is { } why)
        {
            Assert.DoesNotContain('\n', why);
            Assert.EndsWith(".", why, StringComparison.Ordinal);
            Assert.DoesNotContain("ErrorCode", why, StringComparison.Ordinal);
            var refused = Assert.Throws<ProviderUnavailableException>(() => FeatureExtractor.Load(network, new() { Provider = provider }));
            Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        }
        else
        {
            using var there = FeatureExtractor.Load(network, new() { Provider = provider });
            using var cpu = FeatureExtractor.Load(network, new() { Provider = ExecutionProvider.Cpu });
            Assert.Equal(provider, there.Provider);
            var (expected, actual) = (cpu.Embed((ReadOnlySpan<byte>)photo), there.Embed((ReadOnlySpan<byte>)photo));
            for (var d = 0; d < expected.Length; d++) Assert.Equal(expected[d], actual[d], 1e-2f * Math.Max(1, expected.Max()));
        }
    }
}
