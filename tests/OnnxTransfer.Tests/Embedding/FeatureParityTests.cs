using OnnxTransfer.Backbones;
using OnnxTransfer.Embedding;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

public sealed class FeatureParityTests
{
    private static readonly FeatureExtractorOptions s_cpu = new() { Provider = ExecutionProvider.Cpu };

    [Fact]
    public void ThisMachineGivesTheNumbersOfPyTorchAndPillow() => GivesTheNumbers("resnet18");

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ThisMachineGivesThemForTheSharedNetworkToo() => GivesTheNumbers(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));

    private static void GivesTheNumbers(string model)
    {
        using var extractor = FeatureExtractor.Load(model, s_cpu);
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
    [Theory]
    [InlineData("channels")]
    [InlineData("filter")]
    [InlineData("bicubic")]
    [InlineData("stretch")]
    [InlineData("mean")]
    public void WrongPreprocessingIsFound(string wrong)
    {
        var spec = new ModelStore().Find("resnet18").Preprocess;
        spec = wrong switch
        {
            "channels" => spec with { Bgr = true },
            "filter" => spec with { Filter = ResizeFilter.Nearest },
            "bicubic" => spec with { Filter = ResizeFilter.PillowBicubic },
            "stretch" => spec with { Resize = Resize.Stretch(224, 224) },
            // As if the means were subtracted once more, outside the graph.
            _ => spec with { Mean = [123, 116, 103] },
        };
        using var extractor = FeatureExtractor.Load("resnet18", s_cpu with { Preprocess = spec });
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

    [Fact]
    public void OtherLayersAndOtherWeightsHaveNoVectors()
    {
        var card = new ModelStore().Find("resnet18").Card;
        Assert.True(ReferenceVectors.Exist(card));
        Assert.All(PreprocessingParity.Images, image => Assert.Equal(card.Features.Dim, ReferenceVectors.Of(card, image).Length));
        Assert.False(ReferenceVectors.Exist(card with { Features = new ModelFeatures("ReLU393_Output_0", 512) }));
        Assert.False(ReferenceVectors.Exist(card with { Sha256 = new string('0', 64) }));
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
