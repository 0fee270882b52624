using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Hosting;

public sealed class OnnxTransferServiceCollectionExtensionsTests : IDisposable
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_extractor_is_opened_once_on_first_use_and_disposed_with_the_container()
    {
        var backbone = Tiny();
        var services = new ServiceCollection();
        services.AddFeatureExtractor(backbone, s_onCpu);
        var provider = services.BuildServiceProvider();
        var extractor = provider.GetRequiredService<FeatureExtractor>();
        Assert.Same(extractor, provider.GetRequiredService<FeatureExtractor>());
        Assert.Equal(TinyBackbone.Dim, extractor.Embed(Photo(1)).Length);
        Assert.Null(provider.GetService<IImageClassifier>());
        var generator = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        Assert.Same(extractor, generator.GetService<FeatureExtractor>());

        await provider.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => extractor.Embed(Photo(1)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => generator.GenerateAsync([]));
    }

    [Fact]
    public void A_file_that_is_missing_is_said_on_first_use_and_not_at_registration()
    {
        var services = new ServiceCollection();
        services.AddImageClassifier(_folder.File("none.onnx"));
        using var provider = services.BuildServiceProvider();
        Assert.Contains("none.onnx", Assert.Throws<ModelNotFoundException>(provider.GetRequiredService<IImageClassifier>).Message);
    }

    [Fact]
    public async Task Classifiers_with_keys_stand_side_by_side()
    {
        var services = new ServiceCollection();
        services.AddImageClassifier(await TrainedAsync("one", "warm", "cold"), s_onCpu, "first");
        services.AddImageClassifier(await TrainedAsync("two", "light", "dark"), s_onCpu, "second");
        using var provider = services.BuildServiceProvider();
        Assert.Equal(["cold", "warm"], provider.GetRequiredKeyedService<IImageClassifier>("first").Labels);
        Assert.Equal(["dark", "light"], provider.GetRequiredKeyedService<IImageClassifier>("second").Labels);
        Assert.Null(provider.GetService<IImageClassifier>());
    }

    [Fact]
    public async Task A_classifier_is_one_that_is_replaced_while_it_serves()
    {
        var services = new ServiceCollection();
        services.AddImageClassifier(await TrainedAsync("one", "warm", "cold"), s_onCpu);
        var provider = services.BuildServiceProvider();
        var classifier = provider.GetRequiredService<IImageClassifier>();
        Assert.Contains((await classifier.PredictAsync(Photo(1))).Label, new[] { "warm", "cold" });
        await provider.GetRequiredService<ReloadableClassifier>().ReloadAsync(await TrainedAsync("two", "light", "dark"));
        Assert.Equal(["dark", "light"], classifier.Labels);
        using var body = File.OpenRead(Photo(1));
        Assert.Contains((await classifier.PredictAsync(body)).Label, new[] { "light", "dark" });
        await provider.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => classifier.PredictAsync(Photo(1)));
        Assert.Throws<ObjectDisposedException>(() => classifier.Labels);
    }

    [Fact]
    public async Task Options_are_composed_and_checked_by_name()
    {
        var file = await TrainedAsync("one", "warm", "cold");
        var services = new ServiceCollection();
        services.AddImageClassifier(one => one.Extractor = s_onCpu, "flowers");
        services.AddImageClassifier(one => one.Extractor = s_onCpu);
        services.AddFeatureExtractor(one => one.Extractor = s_onCpu);
        services.Configure<ImageClassifierServiceOptions>("flowers", one => one.Path = file);
        using var provider = services.BuildServiceProvider();
        Assert.Equal(["cold", "warm"], provider.GetRequiredKeyedService<IImageClassifier>("flowers").Labels);
        Assert.Contains("ImageClassifierServiceOptions.Path is empty", Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IImageClassifier>).Message);
        Assert.Contains("FeatureExtractorServiceOptions.Model is empty", Assert.Throws<OptionsValidationException>(provider.GetRequiredService<FeatureExtractor>).Message);
        var atStart = Assert.ThrowsAny<Exception>(provider.GetRequiredService<IStartupValidator>().Validate);
        Assert.Contains("is empty", atStart.ToString());
    }

    [Fact]
    public void Nothing_to_register_is_an_error()
    {
        Assert.Equal("path", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddImageClassifier(" ")).ParamName);
        Assert.Equal("model", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddFeatureExtractor(" ")).ParamName);
    }

    [Fact]
    public async Task A_warmup_opens_and_runs_the_model_before_the_application_serves()
    {
        using var log = new Recorder();
        var card = Path.ChangeExtension(Tiny(), ".model.json");
        File.WriteAllText(card, File.ReadAllText(card).Replace("\"tiny\"", "\"warmed\"", StringComparison.Ordinal));
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(log);
        services.AddFeatureExtractor(Tiny(), s_onCpu).AddWarmup();
        services.AddImageClassifier(await TrainedAsync("one", "warm", "cold"), s_onCpu, "key").AddWarmup();
        using var provider = services.BuildServiceProvider();
        Assert.Empty(log.Lines);
        // The listener hears other tests as well, but their models have other names.
        var runs = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, mine) =>
        {
            if (instrument.Name == "onnxtransfer.stage.duration") mine.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            if (tags.ToArray().Contains(new("onnxtransfer.stage", "run"))) runs.Add((string)tags.ToArray().Single(tag => tag.Key == "onnxtransfer.model").Value!);
        });
        listener.Start();
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StartAsync(CancellationToken.None);
        Assert.Equal(2, runs.Count(model => model == "warmed"));
        Assert.Equal(2, log.Lines.Count(line => line.Contains("runs on Cpu", StringComparison.Ordinal)));
        _ = provider.GetRequiredService<FeatureExtractor>().Embed(Photo(1));
        Assert.Equal(2, log.Lines.Count);
        foreach (var hosted in provider.GetServices<IHostedService>()) await hosted.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task An_application_whose_model_is_missing_does_not_start()
    {
        var services = new ServiceCollection();
        services.AddImageClassifier(_folder.File("none.onnx")).AddWarmup();
        using var provider = services.BuildServiceProvider();
        Assert.Contains("none.onnx", (await Assert.ThrowsAsync<ModelNotFoundException>(() => provider.GetServices<IHostedService>().Single().StartAsync(CancellationToken.None))).Message);
    }

    [Fact]
    public async Task A_health_check_says_what_runs_where_and_why_not()
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance).AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddImageClassifier(await TrainedAsync("one", "warm", "cold"), s_onCpu).AddHealthCheck(tags: ["ready"]);
        services.AddFeatureExtractor(Tiny(), s_onCpu, "tiny").AddHealthCheck();
        services.AddFeatureExtractor(_folder.File("none.onnx"), s_onCpu, "none").AddHealthCheck("missing", HealthStatus.Degraded);
        await using var provider = services.BuildServiceProvider();
        var health = provider.GetRequiredService<HealthCheckService>();
        var report = await health.CheckHealthAsync();

        var classifier = report.Entries["onnxtransfer-classifier"];
        Assert.Equal((HealthStatus.Healthy, "tiny runs on Cpu."), (classifier.Status, classifier.Description));
        Assert.Equal(2, classifier.Data["classes"]);
        Assert.Equal(["ready"], classifier.Tags);
        Assert.Equal(TinyBackbone.Dim, report.Entries["onnxtransfer-extractor-tiny"].Data["dimensions"]);
        var missing = report.Entries["missing"];
        Assert.Equal(HealthStatus.Degraded, missing.Status);
        Assert.Contains("none.onnx", missing.Description);

        provider.GetRequiredService<ReloadableClassifier>().Dispose();
        provider.GetRequiredKeyedService<FeatureExtractor>("tiny").Dispose();
        report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["onnxtransfer-classifier"].Status);
        Assert.Equal(HealthStatus.Unhealthy, report.Entries["onnxtransfer-extractor-tiny"].Status);
    }

    [Fact]
    public void A_prediction_of_ones_own_has_a_label_and_is_checked()
    {
        var prediction = new Prediction(["cat", "dog", "cow"], [0.2f, 0.7f, 0.1f]);
        Assert.Equal(("dog", 1, 0.7f), (prediction.Label, prediction.Index, prediction.Probability));
        Assert.Contains("2 probabilities and 1 labels", Assert.Throws<ArgumentException>(() => new Prediction(["cat"], [0.5f, 0.5f])).Message);
        Assert.Throws<ArgumentException>(() => new Prediction(Array.Empty<string>(), Array.Empty<float>()));
        Assert.Contains("'dog' is 1.5", Assert.Throws<ArgumentException>(() => new Prediction(["cat", "dog"], [0, 1.5f])).Message);
        Assert.Throws<ArgumentException>(() => new Prediction(["cat"], [float.NaN]));
    }

    [Fact]
    public async Task The_applications_log_hears_of_the_provider_and_of_every_image_that_was_skipped()
    {
        using var log = new Recorder();
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(log);
        services.AddFeatureExtractor(Tiny(), s_onCpu);
        using var provider = services.BuildServiceProvider();
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
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(application);
        services.AddFeatureExtractor(Tiny(), s_onCpu with { Logger = own.CreateLogger("mine") });
        using var provider = services.BuildServiceProvider();
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
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Path.Combine(_folder.Path, name)), new TrainingPlan { Epochs = 1 });
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
