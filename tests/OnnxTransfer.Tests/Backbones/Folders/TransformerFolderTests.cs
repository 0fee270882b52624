using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones.Folders;

/// <summary>A vision transformer in a folder of Hugging Face, and how a card states what becomes of its tokens.</summary>
public sealed class TransformerFolderTests : IDisposable
{
    private const int D = TinyTransformer.Dim;

    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _temp = new();
    private readonly string _folder;
    private readonly string _card;

    public TransformerFolderTests()
    {
        _folder = Path.Combine(_temp.Path, "vit");
        _card = Path.Combine(_folder, "onnx", "model.model.json");
        TinyTransformer.WriteFolder(_folder);
    }

    public void Dispose() => _temp.Dispose();

    private static ImageInput Photo(int seed = 1) => ImageInput.FromBytes(TestImage.NoisyPng(33, 21, (200, 100, 50), seed));

    /// <summary>What each pooling makes of the tokens, by its definition.</summary>
    private float[] Expected(FeaturePooling pooling)
    {
        using var all = FeatureExtractor.Load(_folder, s_onCpu with { Layer = "last_hidden_state", Pooling = FeaturePooling.Flatten });
        var tokens = all.Embed(Photo());
        Assert.Equal(TinyTransformer.Tokens * D, tokens.Length);
        var patches = Enumerable.Range(0, D).Select(d => Enumerable.Range(1, TinyTransformer.Tokens - 1).Select(t => tokens[(t * D) + d]).ToList()).ToList();
        float[] cls = tokens[..D], mean = [.. patches.Select(values => (float)values.Average(v => (double)v))];
        return pooling switch
        {
            FeaturePooling.Cls => cls,
            FeaturePooling.Average or FeaturePooling.MeanTokens => mean,
            FeaturePooling.Max => [.. patches.Select(values => values.Max())],
            FeaturePooling.Flatten => tokens,
            _ => [.. cls, .. mean],
        };
    }

    private static void AssertClose(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
    }

    [Theory]
    [InlineData(FeaturePooling.Cls)]
    [InlineData(FeaturePooling.MeanTokens)]
    [InlineData(FeaturePooling.ClsAndMean)]
    [InlineData(FeaturePooling.LastFourAndMean)]
    public async Task AFolderTrainsSavesAndReloadsToTheSameNumbers(FeaturePooling pooling)
    {
        var photos = Enumerable.Range(0, 12).Select(i => new LabeledImage(
            ImageInput.FromBytes(TestImage.NoisyPng(40 + i, 35, i % 2 == 0 ? ((byte)200, (byte)40, (byte)40) : ((byte)40, (byte)40, (byte)200), i)), i % 2 == 0 ? "red" : "blue")).ToList();
        using var extractor = await FeatureExtractor.LoadAsync(_folder, s_onCpu with { Pooling = pooling });
        Assert.Empty(extractor.Model.Warnings);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromItems(photos), new TrainingPlan { Epochs = 3, Split = new SplitPercentages(50, 25, 25) });
        using var classifier = result.Classifier;
        var path = _temp.File("saved.onnx");
        classifier.Save(path);
        using var reloaded = ImageClassifier.Load(path, s_onCpu);
        foreach (var photo in photos) Assert.Equal(classifier.Predict(photo.Image).Probabilities, reloaded.Predict(photo.Image).Probabilities);
        Assert.False(File.Exists(_card));
    }

    [Fact]
    public void WithoutAChoiceTheClassTokenIsTheFeature()
    {
        using var extractor = FeatureExtractor.Load(_folder, s_onCpu);
        Assert.Equal(Expected(FeaturePooling.Cls), extractor.Embed(Photo()));
    }

    [Theory]
    [InlineData(FeaturePooling.Cls)]
    [InlineData(FeaturePooling.MeanTokens)]
    [InlineData(FeaturePooling.ClsAndMean)]
    [InlineData(FeaturePooling.Max)]
    [InlineData(FeaturePooling.Flatten)]
    public void APoolingIsHonoredWithoutALayer(FeaturePooling pooling)
    {
        using var extractor = FeatureExtractor.Load(_folder, s_onCpu with { Pooling = pooling });
        AssertClose(Expected(pooling), extractor.Embed(Photo()));
    }

    [Fact]
    public void TheLastFourBlocksEndInTheClassTokenAndTheMean()
    {
        using var extractor = FeatureExtractor.Load(_folder, s_onCpu with { Pooling = FeaturePooling.LastFourAndMean });
        var vector = extractor.Embed(Photo());
        Assert.Equal(5 * D, vector.Length);
        AssertClose(Expected(FeaturePooling.ClsAndMean), vector.AsSpan(3 * D));
    }

    /// <summary>The pooling of a card, with and without the tensor, is the pooling of an option.</summary>
    [Theory]
    [InlineData("cls", FeaturePooling.Cls)]
    [InlineData("mean-tokens", FeaturePooling.MeanTokens)]
    [InlineData("cls+mean", FeaturePooling.ClsAndMean)]
    [InlineData("average", FeaturePooling.Average)]
    [InlineData("max", FeaturePooling.Max)]
    [InlineData("flatten", FeaturePooling.Flatten)]
    public void ACardStatesThePooling(string name, FeaturePooling pooling)
    {
        foreach (var features in new[] { $$"""{ "pooling": "{{name}}" }""", $$"""{ "tensor": "last_hidden_state", "pooling": "{{name}}" }""" })
        {
            File.WriteAllText(_card, $$"""{ "features": {{features}}, "preprocess": { "preset": "vit" }, "input": { "height": 16, "width": 16 } }""");
            using var extractor = FeatureExtractor.Load(_folder, s_onCpu);
            File.Delete(_card);
            AssertClose(Expected(pooling), extractor.Embed(Photo()));
        }
    }

    /// <summary>The card that is written names the tensor of the file, and the file with it gives the same numbers.</summary>
    [Theory]
    [InlineData("""{ "preprocess": { "preset": "vit" } }""", "cls")]
    [InlineData("""{ "features": { "pooling": "mean-tokens" }, "preprocess": { "preset": "vit" } }""", "mean-tokens")]
    [InlineData("""{ "features": { "pooling": "cls4+mean" }, "preprocess": { "preset": "vit" } }""", "cls4+mean")]
    public void AWrittenCardGivesTheSameNumbers(string partial, string pooling)
    {
        File.WriteAllText(_card, partial.Replace("{ \"preset\"", "{ \"upsampling\": \"nearest\", \"preset\"", StringComparison.Ordinal).Replace("{ \"preprocess\"", "{ \"input\": { \"height\": 16, \"width\": 16 }, \"preprocess\"", StringComparison.Ordinal)
            .Replace("{ \"features\"", "{ \"input\": { \"height\": 16, \"width\": 16 }, \"features\"", StringComparison.Ordinal));
        using var before = FeatureExtractor.Load(_folder, s_onCpu);
        var info = ModelFile.Open(_folder).WriteCard();
        var card = ModelCard.Load(_card);
        Assert.Equal(("last_hidden_state", before.Dim, pooling), (card.Features.Tensor, card.Features.Dim, OnnxGraphEditor.PoolingName(card.Features.Pooling!.Value)));
        Assert.Equal(before.Dim, info.Dim);
        using var after = FeatureExtractor.Load(_folder, s_onCpu);
        Assert.Equal(before.Embed(Photo()), after.Embed(Photo()));

        var file = ModelFile.Open(_folder);
        Assert.Equal(("last_hidden_state", before.Dim), (file.Features!.Name, file.Info!.Dim));
        Assert.Contains($"--pooling {pooling}", file.FeaturesNote, StringComparison.Ordinal);
        // A copy of the file keeps a card that is right.
        var copy = _temp.File("copy.onnx");
        file.ReplaceWeights(Path.Combine(_folder, "onnx", "model.onnx"), copy);
        using var copied = FeatureExtractor.Load(copy, s_onCpu);
        Assert.Equal(before.Embed(Photo()), copied.Embed(Photo()));
    }

    [Theory]
    [InlineData("""{ "tensor": "patches", "pooling": "cls" }""", "'patches'")]
    [InlineData("""{ "tensor": "last_hidden_state", "pooling": "none" }""", "136")]
    [InlineData("""{ "tensor": "last_hidden_state", "pooling": "cls", "dim": 16 }""", "16")]
    [InlineData("""{ "tensor": "last_hidden_state", "pooling": "mean" }""", "'mean'")]
    [InlineData("""{ "tensor": "no_such", "pooling": "cls" }""", "'no_such'")]
    public void APoolingThatDoesNotFitTheGraphIsRefused(string features, string expected)
    {
        File.WriteAllText(_card, $$"""{ "features": {{features}}, "preprocess": { "preset": "vit" }, "input": { "height": 16, "width": 16 } }""");
        var error = Assert.ThrowsAny<ModelException>(() => FeatureExtractor.Load(_folder, s_onCpu).Dispose());
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A map is pooled as the card states; a vector has nothing to pool.</summary>
    [Fact]
    public void AMapIsPooledAsTheCardStates()
    {
        var path = _temp.File("net.onnx");
        FolderNetwork.Write(path);
        float[] With(string features, FeatureExtractorOptions? options = null)
        {
            File.WriteAllText(_temp.File("net.model.json"), $$"""{ "features": {{features}}, "preprocess": { "preset": "vit" } }""");
            using var extractor = FeatureExtractor.Load(path, options ?? s_onCpu);
            return extractor.Embed(Photo());
        }

        var vector = With("""{ "tensor": "vector" }""");
        AssertClose(vector, With("""{ "tensor": "activated", "pooling": "average" }"""));
        AssertClose(vector, With("""{ "tensor": "vector", "pooling": "none" }"""));
        var greatest = With("""{ "tensor": "activated", "pooling": "max" }""");
        Assert.Contains(Enumerable.Range(0, vector.Length), i => greatest[i] > vector[i] + 0.01);
        Assert.Equal(greatest, With("""{ "tensor": "activated", "pooling": "average" }""", s_onCpu with { Pooling = FeaturePooling.Max }));
        foreach (var pooling in new[] { FeaturePooling.Max, FeaturePooling.Flatten, FeaturePooling.None })
            Assert.Contains("'vector', which is one vector", Assert.Throws<ModelException>(() => With("""{ "tensor": "vector" }""", s_onCpu with { Pooling = pooling })).Message, StringComparison.Ordinal);
    }
}
