using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OnnxTransfer.Backbones;
using OnnxTransfer.Features;
using OnnxTransfer.Heads;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class OnnxTransferServiceCollectionExtensionsTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_extractor_is_opened_once_on_first_use_and_disposed_with_the_container()
    {
        var backbone = Tiny();
        var provider = new ServiceCollection().AddOnnxTransfer(backbone, options: s_onCpu).BuildServiceProvider();
        var extractor = provider.GetRequiredService<FeatureExtractor>();
        Assert.Same(extractor, provider.GetRequiredService<FeatureExtractor>());
        Assert.Equal(TinyBackbone.Dim, extractor.Embed(Photo(1)).Length);
        Assert.Null(provider.GetService<ImageClassifier>());

        provider.Dispose();
        Assert.Throws<ObjectDisposedException>(() => extractor.Embed(Photo(1)));
    }

    [Fact]
    public void A_file_that_is_missing_is_said_on_first_use_and_not_at_registration()
    {
        using var provider = new ServiceCollection().AddOnnxTransfer(classifier: _folder.File("none.onnx")).BuildServiceProvider();
        Assert.Contains("none.onnx", Assert.Throws<ModelNotFoundException>(provider.GetRequiredService<ImageClassifier>).Message);
    }

    [Fact]
    public async Task Classifiers_with_keys_stand_side_by_side()
    {
        using var provider = new ServiceCollection()
            .AddOnnxTransfer(classifier: await TrainedAsync("one", "warm", "cold"), options: s_onCpu, serviceKey: "first")
            .AddOnnxTransfer(classifier: await TrainedAsync("two", "light", "dark"), options: s_onCpu, serviceKey: "second")
            .BuildServiceProvider();
        Assert.Equal(["cold", "warm"], provider.GetRequiredKeyedService<ImageClassifier>("first").Labels);
        Assert.Equal(["dark", "light"], provider.GetRequiredKeyedService<ImageClassifier>("second").Labels);
        Assert.Null(provider.GetService<ImageClassifier>());
    }

    [Fact]
    public async Task A_classifier_can_be_asked_for_as_one_that_is_replaced_while_it_serves()
    {
        var provider = new ServiceCollection().AddOnnxTransfer(classifier: await TrainedAsync("one", "warm", "cold"), options: s_onCpu).BuildServiceProvider();
        var serving = provider.GetRequiredService<ReloadableClassifier>();
        await serving.ReloadAsync(await TrainedAsync("two", "light", "dark"));
        Assert.Contains(serving.Predict(Photo(1)).Label, new[] { "light", "dark" });
        await provider.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => serving.Predict(Photo(1)));
    }

    [Fact]
    public void Nothing_to_register_is_an_error() =>
        Assert.Contains("name a backbone", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddOnnxTransfer(" ")).Message);

    [Fact]
    public async Task The_applications_log_hears_of_the_provider_and_of_every_image_that_was_skipped()
    {
        using var log = new Recorder();
        using var provider = new ServiceCollection().AddSingleton<ILoggerFactory>(log).AddOnnxTransfer(Tiny(), options: s_onCpu).BuildServiceProvider();
        var broken = _folder.File("broken.jpg");
        File.WriteAllText(broken, "no image");
        await provider.GetRequiredService<FeatureExtractor>().EmbedAsync([Photo(1), broken, Photo(2)]);
        Assert.Collection(
            log.Lines,
            line => Assert.StartsWith($"OnnxTransfer Information {Tiny()} runs on Cpu", line),
            line => Assert.StartsWith($"OnnxTransfer Warning {broken} cannot be used: ", line),
            line => Assert.Matches("^OnnxTransfer Debug Embedded 2 images in .* s, skipped 1$", line));
    }

    [Fact]
    public async Task A_logger_of_ones_own_is_kept()
    {
        using var application = new Recorder();
        using var own = new Recorder();
        using var provider = new ServiceCollection().AddSingleton<ILoggerFactory>(application)
            .AddOnnxTransfer(Tiny(), options: s_onCpu with { Logger = own.CreateLogger("mine") }).BuildServiceProvider();
        await provider.GetRequiredService<FeatureExtractor>().EmbedAsync([Photo(1)]);
        Assert.Empty(application.Lines);
        Assert.All(own.Lines, line => Assert.StartsWith("mine ", line));
        Assert.Equal(2, own.Lines.Count);
    }

    private string Tiny()
    {
        var path = _folder.File("tiny.onnx");
        if (!File.Exists(path)) TinyBackbone.Write(path);
        return path;
    }

    private string Photo(int seed)
    {
        var path = _folder.File($"{seed}.png");
        File.WriteAllBytes(path, TestImage.NoisyPng(20, 20, (200, 40, 30), seed));
        return path;
    }

    private async Task<string> TrainedAsync(string name, params string[] classes)
    {
        foreach (var (label, index) in classes.Select((label, index) => (label, index)))
        {
            for (var i = 0; i < 4; i++) File.WriteAllBytes(_folder.File(name, label, $"{i}.png"), TestImage.NoisyPng(20, 20, ((byte)(200 * index), 40, 30), i));
        }

        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Path.Combine(_folder.Path, name)), new TrainingOptions { Epochs = 1 });
        var file = _folder.File(name + ".onnx");
        result.Classifier.Save(file);
        return file;
    }

    /// <summary>Keeps every line as category, level and text.</summary>
    private sealed class Recorder : ILoggerFactory
    {
        internal List<string> Lines { get; } = [];

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => new Category(categoryName, Lines);

        public void Dispose() => Lines.TrimExcess();

        private sealed class Category(string name, List<string> lines) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Add($"{name} {logLevel} {formatter(state, exception)}");
        }
    }
}
