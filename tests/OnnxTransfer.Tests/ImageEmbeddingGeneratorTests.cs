using Microsoft.Extensions.AI;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

public sealed class ImageEmbeddingGeneratorTests : IDisposable
{
    private static readonly byte[][] s_pictures =
        [.. Enumerable.Range(0, 5).Select(i => TestImage.NoisyPng(20 + i, 20, ((byte)(50 * i), 40, 30), i))];

    private static readonly string[] s_owners = ["OnnxTransfer.FeatureExtractor", "OnnxTransfer.ImageEmbeddingGenerator"];

    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly IEmbeddingGenerator<DataContent, Embedding<float>> _generator;

    public ImageEmbeddingGeneratorTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        _extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        _generator = _extractor.AsEmbeddingGenerator();
    }

    public void Dispose()
    {
        _generator.Dispose();
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task There_is_one_embedding_per_image_in_order_and_it_is_the_extractors_vector(int count)
    {
        var made = await _generator.GenerateAsync(s_pictures.Take(count).Select(Content));
        Assert.Equal(count, made.Count);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(_extractor.Embed(s_pictures[i]), made[i].Vector.ToArray());
            Assert.Equal("tiny", made[i].ModelId);
            Assert.InRange(made[i].CreatedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
        }

        Assert.Null(made.Usage);
    }

    [Fact]
    public async Task No_image_gives_no_embedding() => Assert.Empty(await _generator.GenerateAsync([]));

    [Theory]
    [InlineData("application/octet-stream")]
    [InlineData("image/jpeg")]
    [InlineData("text/plain")]
    public async Task The_bytes_say_what_an_image_is_and_not_its_media_type(string mediaType)
    {
        var made = await _generator.GenerateAsync([new DataContent(s_pictures[1], mediaType)]);
        Assert.Equal(_extractor.Embed(s_pictures[1]), made[0].Vector.ToArray());
    }

    [Theory]
    [InlineData(1, "values[0]")]
    [InlineData(3, "values[2]")]
    public async Task The_first_image_that_cannot_be_used_is_named(int count, string id)
    {
        var values = s_pictures.Take(count - 1).Select(Content).Append(new DataContent("no image"u8.ToArray(), "image/png"));
        var exception = await Assert.ThrowsAsync<ImageDecodeException>(() => _generator.GenerateAsync(values));
        Assert.Equal(id, exception.Id);
        Assert.StartsWith(id + ": ", exception.Message);

        var named = await Assert.ThrowsAsync<ImageDecodeException>(
            () => _generator.GenerateAsync([new DataContent("no image"u8.ToArray(), "image/png") { Name = "cat.png" }]));
        Assert.Equal("cat.png", named.Id);
    }

    [Fact]
    public async Task Null_is_refused()
    {
        Assert.Equal("values", (await Assert.ThrowsAsync<ArgumentNullException>(() => _generator.GenerateAsync((IEnumerable<DataContent>)null!))).ParamName);
        Assert.Contains("values[1] is null", (await Assert.ThrowsAsync<ArgumentException>(() => _generator.GenerateAsync([Content(s_pictures[0]), null!]))).Message);
        Assert.Throws<ArgumentNullException>(() => _generator.GetService(null!));
    }

    [Fact]
    public async Task An_option_that_cannot_be_honored_is_refused_also_for_no_image()
    {
        await Refuses(new EmbeddingGenerationOptions { Dimensions = 8 }, "asks for 8 numbers, but 'tiny' gives 12");
        await Refuses(new EmbeddingGenerationOptions { ModelId = "other" }, "asks for 'other', but this generator runs 'tiny'");
        await Refuses(new EmbeddingGenerationOptions { RawRepresentationFactory = _ => null }, "RawRepresentationFactory");

        async Task Refuses(EmbeddingGenerationOptions options, string why) =>
            Assert.Contains(why, (await Assert.ThrowsAsync<NotSupportedException>(() => _generator.GenerateAsync([], options))).Message);
    }

    [Fact]
    public async Task Options_that_say_what_the_generator_does_anyway_are_fine_and_stay_as_they_are()
    {
        var options = new EmbeddingGenerationOptions { Dimensions = TinyBackbone.Dim, ModelId = "tiny" };
        Assert.Single(await _generator.GenerateAsync([Content(s_pictures[0])], options));
        Assert.Equal(TinyBackbone.Dim, options.Dimensions);
        Assert.Equal("tiny", options.ModelId);
        Assert.Null(options.AdditionalProperties);
    }

    [Fact]
    public void Services_are_the_metadata_the_generator_and_the_extractor()
    {
        var metadata = _generator.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal("onnxtransfer", metadata.ProviderName);
        Assert.Equal("tiny", metadata.DefaultModelId);
        Assert.Equal(TinyBackbone.Dim, metadata.DefaultModelDimensions);
        Assert.Null(metadata.ProviderUri);
        Assert.Same(_generator, _generator.GetService<IEmbeddingGenerator<DataContent, Embedding<float>>>());
        Assert.Same(_generator, _generator.GetService<IEmbeddingGenerator>());
        Assert.Same(_extractor, _generator.GetService<FeatureExtractor>());
        Assert.Null(_generator.GetService<string>());
        Assert.Null(_generator.GetService(typeof(FeatureExtractor), "key"));
        Assert.Null(_generator.GetService(typeof(EmbeddingGeneratorMetadata), "key"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_canceled_call_is_canceled(int count) =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _generator.GenerateAsync(s_pictures.Take(count).Select(Content), cancellationToken: new CancellationToken(canceled: true)));

    [Fact]
    public async Task Calls_at_once_each_get_their_own()
    {
        var expected = s_pictures.Select(picture => _extractor.Embed(picture)).ToArray();
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), async (i, cancellationToken) =>
        {
            var first = i % s_pictures.Length;
            var second = (i + 1) % s_pictures.Length;
            var made = await _generator.GenerateAsync([Content(s_pictures[first]), Content(s_pictures[second])], cancellationToken: cancellationToken);
            Assert.Equal(expected[first], made[0].Vector.ToArray());
            Assert.Equal(expected[second], made[1].Vector.ToArray());
        });
    }

    [Fact]
    public async Task A_disposed_generator_refuses_and_leaves_the_extractor_open()
    {
        var other = _extractor.AsEmbeddingGenerator();
        other.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => other.GenerateAsync([Content(s_pictures[0])]));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => other.GenerateAsync([]));
        Assert.Single(await _generator.GenerateAsync([Content(s_pictures[0])]));
        other.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_generator_that_owns_the_extractor_closes_it_while_calls_are_in_flight(bool asynchronously)
    {
        var owner = _extractor.AsEmbeddingGenerator(disposeExtractor: true);
        var expected = s_pictures.Select(picture => _extractor.Embed(picture)).ToArray();
        var calls = Enumerable.Range(0, 8).Select(_ => Task.Run(() => owner.GenerateAsync(s_pictures.Select(Content)))).ToArray();
        if (asynchronously) await ((IAsyncDisposable)owner).DisposeAsync();
        else owner.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _extractor.Embed(s_pictures[0]));
        Assert.Throws<ObjectDisposedException>(() => _extractor.AsEmbeddingGenerator());
        foreach (var call in calls)
        {
            // Each has all its vectors or came too late, and then says which object is gone.
            if (await Record.ExceptionAsync(() => call) is { } exception) Assert.Contains(Assert.IsType<ObjectDisposedException>(exception).ObjectName, s_owners);
            else Assert.Equal(expected, (await call).Select(one => one.Vector.ToArray()));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposal_waits_for_a_call_in_flight_and_the_call_gives_its_result(bool owns)
    {
        using var decoder = new HeldDecoder();
        using var extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Decoder = decoder });
        var generator = extractor.AsEmbeddingGenerator(owns);
        var call = generator.GenerateAsync(s_pictures.Select(Content));
        decoder.Begun.Wait();
        var disposal = Task.Run(generator.Dispose);
        // Refused from the moment that disposal has begun, and until then not.
        while (await IsOpenAsync(generator)) await Task.Delay(1);
        Assert.False(disposal.IsCompleted);
        decoder.Go.Set();
        Assert.Equal(s_pictures.Length, (await call).Count);
        await disposal;
    }

    private static async Task<bool> IsOpenAsync(IEmbeddingGenerator<DataContent, Embedding<float>> generator)
    {
        try
        {
            await generator.GenerateAsync([]);
            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static DataContent Content(byte[] encoded) => new(encoded, "image/png");

    /// <summary>Holds every decode until it is told to go on.</summary>
    private sealed class HeldDecoder : IImageDecoder, IDisposable
    {
        internal ManualResetEventSlim Begun { get; } = new();

        internal ManualResetEventSlim Go { get; } = new();

        public string Name => "held";

        public PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null)
        {
            Begun.Set();
            Go.Wait();
            return ImageDecoders.Default.Decode(encoded, options);
        }

        public void Dispose()
        {
            Begun.Dispose();
            Go.Dispose();
        }
    }
}
