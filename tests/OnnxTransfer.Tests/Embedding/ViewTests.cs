using OnnxTransfer.Embedding;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>Images that are seen in several views at once: their vector is the mean.</summary>
public sealed class ViewTests(PipelineFixture fixture) : IClassFixture<PipelineFixture>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Augmentation.Flip, 1, 0)]
    [InlineData(Augmentation.Flip, 3, 1)]
    [InlineData(Augmentation.Crops, 4, 0)]
    [InlineData(Augmentation.Crops, 16, 1)]
    [InlineData(Augmentation.FlipAndCrops, 32, 0)]
    public async Task The_vector_of_an_image_is_the_mean_over_its_views_whatever_the_batch(Augmentation augmentation, int batchSize, int runners)
    {
        string[] paths = [fixture.Photos[0], "missing.png", .. fixture.Photos.Skip(1).Take(9)];
        var views = ImageView.Of(augmentation);
        var images = new List<EmbeddedImage>();
        await foreach (var batch in fixture.Pipeline(new PipelineShape(batchSize, 2, runners), views: views).RunAsync(ImageInput.FromFiles(paths).ToAsyncEnumerable(), CancellationToken.None))
            images.AddRange(batch.Images);

        Assert.Equal(paths, images.Select(image => image.Id));
        Assert.Equal(Enumerable.Range(0, paths.Length), images.Select(image => image.Index));
        Assert.Null(images[1].Vector);
        foreach (var (path, image) in paths.Zip(images).Where(pair => pair.Second.Vector is not null))
        {
            float[][] rows = [.. views.Select(view => fixture.Embed(path, view))];
            for (var d = 0; d < TinyBackbone.Dim; d++) Assert.Equal(rows.Average(row => row[d]), image.Vector![d], 1e-6f);
        }
    }

    [Theory]
    [InlineData(Augmentation.Flip)]
    [InlineData(Augmentation.Crops)]
    [InlineData(Augmentation.FlipAndCrops)]
    public async Task One_image_and_many_have_the_same_vector_and_the_cache_keeps_each_view(Augmentation augmentation)
    {
        var plain = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(_folder.File("cache")) };
        var photos = ImageInput.FromFiles(fixture.Photos.Take(6));
        float[][] means;
        using (var extractor = FeatureExtractor.Load(fixture.Model, plain with { Augment = augmentation }))
        {
            var first = await extractor.EmbedAsync(photos);
            Assert.Equal(0, first.Cached);
            var second = await extractor.EmbedAsync(photos);
            Assert.Equal(6, second.Cached);
            Assert.Equal(first.Features.Values.ToArray(), second.Features.Values.ToArray());
            means = [.. Enumerable.Range(0, 6).Select(row => first.Features.Row(row).ToArray())];
            for (var i = 0; i < 6; i++)
            {
                Assert.Equal(means[i], extractor.Embed(photos[i]));
                Assert.Equal(means[i], extractor.Embed(File.ReadAllBytes(fixture.Photos[i])));
                Assert.Equal(means[i], await extractor.EmbedAsync(photos[i]));
            }
        }

        // The plain view was one of them.
        using var other = FeatureExtractor.Load(fixture.Model, plain);
        var alone = await other.EmbedAsync(photos);
        Assert.Equal(6, alone.Cached);
        for (var i = 0; i < 6; i++) Assert.Equal(fixture.Expected[i], alone.Features.Row(i).ToArray());
    }

    /// <summary>The vectors that are compared are those of the images themselves.</summary>
    [Fact]
    public void Parity_and_pictures_do_not_depend_on_the_views()
    {
        using var plain = FeatureExtractor.Load(fixture.Model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        using var averaging = FeatureExtractor.Load(fixture.Model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Augment = Augmentation.FlipAndCrops });
        var photo = File.ReadAllBytes(fixture.Photos[0]);
        Assert.Equal(plain.Embed(photo), averaging.Network.EmbedPlain(photo));
        Assert.NotEqual(plain.Embed(photo), averaging.Embed(photo));
        using var maps = averaging.Network.OpenAt("convolved", TinyBackbone.Dim * TinyBackbone.Side * TinyBackbone.Side, typeof(FeatureExtractor));
        using var plainMaps = plain.Network.OpenAt("convolved", TinyBackbone.Dim * TinyBackbone.Side * TinyBackbone.Side, typeof(FeatureExtractor));
        Assert.Equal(plainMaps.Embed(fixture.Photos[0]), maps.Embed(fixture.Photos[0]));
    }
}
