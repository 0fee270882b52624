using OnnxTransfer.Backbones;
using OnnxTransfer.Features;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Features;

public sealed class FeatureParityTests
{
    private static readonly FeatureExtractorOptions s_cpu = new() { Provider = ExecutionProvider.Cpu };

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ThisMachineGivesTheNumbersOfPyTorchAndPillow()
    {
        using var extractor = FeatureExtractor.Load(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"), s_cpu);
        Assert.True(extractor.Model.HasReferenceVectors);
        var results = extractor.VerifyParity();
        Assert.All(results, result => Assert.True(result.Passed, result.ToString()));
        var vectors = results.Where(result => result.Cosine is not null).ToList();
        Assert.Equal(PreprocessingParity.Images.Count, vectors.Count);
        // The PNG's pixels are exact, so what is left is float32 against float64.
        Assert.InRange(vectors[0].GreatestDifference, 0, 1e-4);
        Assert.InRange(vectors[0].Cosine!.Value, 1 - 1e-9, 1 + 1e-9);
    }

    /// <summary>What goes wrong most often must not pass.</summary>
    [SharedTheory("models/mobilenet_v2_imagenet.onnx")]
    [InlineData("channels")]
    [InlineData("filter")]
    [InlineData("bicubic")]
    [InlineData("mean")]
    public void WrongPreprocessingIsFound(string wrong)
    {
        var path = Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx");
        var spec = ModelCard.Load(ModelCard.PathFor(path)).Preprocess;
        spec = wrong switch
        {
            "channels" => spec with { Bgr = true },
            "filter" => spec with { Filter = ResizeFilter.Nearest },
            "bicubic" => spec with { Filter = ResizeFilter.PillowBicubic },
            _ => spec with { Mean = [0, 0, 0], Std = [1, 1, 1] },
        };
        using var extractor = FeatureExtractor.Load(path, s_cpu with { Preprocess = spec });
        var vectors = extractor.VerifyParity().Where(result => result.Cosine is not null).ToList();
        Assert.Equal(PreprocessingParity.Images.Count, vectors.Count);
        Assert.All(vectors, result => Assert.False(result.Passed, result.ToString()));
    }

    [Fact]
    public void AnUnknownBackboneIsHeldToItsPixelsAlone()
    {
        using var folder = new TempFolder();
        var path = folder.File("tiny.onnx");
        TinyBackbone.Write(path);
        using var extractor = FeatureExtractor.Load(path, s_cpu);
        Assert.False(extractor.Model.HasReferenceVectors);
        Assert.All(extractor.VerifyParity(), result => Assert.Null(result.Cosine));
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void AnotherLayerHasNoVectors()
    {
        var card = ModelCard.Load(ModelCard.PathFor(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx")));
        Assert.True(ReferenceVectors.Exist(card));
        Assert.False(ReferenceVectors.Exist(card with { Features = new ModelFeatures("block_13", 576) }));
    }

    [Fact]
    public void ABuiltModelIsKnownByItsIdWhateverTheConverterWrote()
    {
        var model = ModelStore.Find("mobilenet-v2-oid");
        Assert.True(model.HasReferenceVectors);
        Assert.All(PreprocessingParity.Images, image => Assert.Equal(model.Dim, ReferenceVectors.Of(model.Card, image).Length));
    }

    [Theory]
    [InlineData(new float[] { 3, 4 }, new float[] { 3, 4 }, 0, 1, true)]
    [InlineData(new float[] { 3, 4 }, new float[] { 3, 4.05f }, 0.05, 0.99998, true)]
    [InlineData(new float[] { 3, 4 }, new float[] { 6, 8 }, 4, 1, false)]
    [InlineData(new float[] { 0.03f, 0.04f }, new float[] { 0.04f, 0.03f }, 0.01, 0.96, false)]
    [InlineData(new float[] { 3, 4 }, new float[] { 3, 4, 0 }, double.PositiveInfinity, 1, false)]
    public void BothDistancesMustBeAllowed(float[] expected, float[] actual, double difference, double cosine, bool passed)
    {
        var result = FeatureParity.Compare("x", expected, actual, lossy: false);
        Assert.Equal(difference, result.GreatestDifference, 1e-5);
        Assert.Equal(cosine, result.Cosine!.Value, 1e-4);
        Assert.Equal(passed, result.Passed);
    }

    [Fact]
    public void NotANumberNeverPasses()
    {
        Assert.False(FeatureParity.Compare("x", [1, 2], [float.NaN, 2], lossy: true).Passed);
        Assert.False(FeatureParity.Compare("x", [1, 2], [0, 0], lossy: true).Passed);
    }
}
