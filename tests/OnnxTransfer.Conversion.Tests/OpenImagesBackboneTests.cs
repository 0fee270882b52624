using OnnxTransfer.Backbones;
using OnnxTransfer.Conversion.Internals;
using OnnxTransfer.Conversion.TfLite;
using OnnxTransfer.Features;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Onnx;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Conversion.Tests;

/// <summary>The real detector; these tests run where the demo has fetched its npm package, and never fetch it themselves.</summary>
public sealed class OpenImagesBackboneTests
{
    private static readonly CatalogEntry s_entry = ModelCatalog.Default.Find("mobilenet-v2-oid");
    private static readonly Lazy<byte[]> s_detector = new(() => RecipeBuilder.ReadNetworkAsync(s_entry.Recipe!, PackageFactAttribute.Archive, CancellationToken.None).GetAwaiter().GetResult());

    [PackageFact]
    public void GivesTheSameFeaturesAsTheInterpreter()
    {
        const int side = 64;
        var source = TfLiteModel.Parse(s_detector.Value, "detector");
        var image = TfLite.Conversion.Random(3, 1, side, side, 3);
        var last = new TfLiteNames(source).Find("FeatureExtractor/MobilenetV2/Conv_1/Relu6");
        var expected = TfLite.Interpreter.Run(source, new Dictionary<int, TfLite.Real> { [source.Inputs[0]] = image }, last);

        // Tensor by tensor first, so that a difference is seen where it begins.
        var names = new TfLiteNames(source);
        string[] activations = [.. source.Operators.Where(o => o.Code != TfLiteOp.Dequantize && expected[o.Outputs[0]] is not null).Select(o => names[o.Outputs[0]]).Where(n => n.StartsWith("FeatureExtractor/", StringComparison.Ordinal))];
        // 35 full and 17 depthwise convolutions, 10 additions.
        Assert.Equal(62, activations.Length);
        var inner = TfLiteConverter.ToModel(s_detector.Value, new TfLiteOptions { Outputs = activations, Height = side, Width = side }, "detector");
        var input = InNchw(image);
        var computed = GraphRunner.Run(inner, (inner.Inputs[0].Name, input));
        foreach (var name in activations) InNchw(expected[names.Find(name)]!).AssertClose(computed[name], 1e-4);

        var features = GraphRunner.Run(OpenImagesBackbone.ToModel(s_detector.Value, s_entry.Card with { Input = s_entry.Card.Input with { Height = side, Width = side } }), ("input", input))["features"];
        var pixels = expected[last]!.Data.Length / s_entry.Card.Features.Dim;
        var mean = new float[s_entry.Card.Features.Dim];
        for (var i = 0; i < expected[last]!.Data.Length; i++) mean[i % mean.Length] += (float)(expected[last]!.Data[i] / pixels);
        new Values(mean, 1, s_entry.Card.Features.Dim).AssertClose(features, 1e-4);
    }

    [PackageFact]
    public void IsAnOrdinaryBackboneOfTheCardsShape()
    {
        var bytes = OpenImagesBackbone.ToModel(s_detector.Value, s_entry.Card).ToBytes();

        Assert.Equal(bytes, OpenImagesBackbone.ToModel(s_detector.Value, s_entry.Card).ToBytes());
        var model = OnnxModel.Parse(bytes);
        var found = OnnxInspector.Inspect(model);
        Assert.Equal(new OnnxImageInput("input", OnnxElementType.Float32, OnnxImageLayout.Nchw, 3, 224, 224, null), found.Input);
        Assert.Equal(new OnnxFeatureTensor("features", 1280, false), found.Features);
        Assert.Equal("Apache-2.0", model.Metadata["license"]);
        Assert.DoesNotContain(model.Graph.Node, n => n.OpType == "Transpose");
        var features = GraphRunner.Run(model, ("input", Values.Random(1, 3, 3, 224, 224)))["features"];
        Assert.Equal([3L, 1280L], features.Shape);
        Assert.All(features.Data, v => Assert.InRange(v, 0, 6));
    }

    [PackageFact]
    public void TheWholeDetectorConvertsAtItsOwnSize()
    {
        var model = TfLiteConverter.ToModel(s_detector.Value, new TfLiteOptions(), "detector");

        var result = GraphRunner.Run(model, (model.Inputs[0].Name, Values.Random(1, 2, 3, 300, 300)));

        Assert.Equal([[2L, 1917L, 4L], [2L, 1917L, 24L]], result.Values.Select(v => v.Shape.Where((_, i) => v.Shape.Length == 3 || i != 2).ToArray()).OrderBy(s => s[2]));
    }

    [Fact]
    public async Task AnotherArchiveIsRefused()
    {
        using var folder = new TempFolder();
        var archive = folder.File("other.tgz");
        await File.WriteAllBytesAsync(archive, new byte[100]);
        var store = new ModelStore { Folder = folder.Path, IsOffline = true };
        var error = await Assert.ThrowsAsync<ModelException>(() => RecipeBuilder.BuildFromArchiveAsync(s_entry.Id, store, archive));
        Assert.Contains(s_entry.Recipe!.Integrity, error.Message, StringComparison.Ordinal);
        Assert.False(store.Contains(s_entry));
    }

    [PackageFact]
    public async Task BuiltFromItsArchiveItIsInTheStoreWithItsCard()
    {
        using var folder = new TempFolder();
        var store = new ModelStore { Folder = folder.Path, IsOffline = true };
        var path = await RecipeBuilder.BuildFromArchiveAsync(s_entry.Id, store, PackageFactAttribute.Archive);
        using var extractor = FeatureExtractor.Load(s_entry.Id, new FeatureExtractorOptions { Store = store, Provider = ExecutionProvider.Cpu });
        Assert.Equal(1280, extractor.Dim);
        Assert.Equal(ModelCard.Load(ModelCard.PathFor(path)).Sha256, extractor.Card.Sha256);
    }

    private static Values InNchw(TfLite.Real x) =>
        new([.. AxisOrder.Permute(x.Data, x.Shape, [0, 3, 1, 2]).Select(v => (float)v)], x.Shape[0], x.Shape[3], x.Shape[1], x.Shape[2]);

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class PackageFactAttribute : FactAttribute
    {
        public static readonly string Archive = Repository.PathOf("artifacts", "npm", "mediapipe-objectron-0.4.1675468480.tgz");

        public PackageFactAttribute()
        {
            if (!File.Exists(Archive)) Skip = "needs artifacts/npm/mediapipe-objectron-0.4.1675468480.tgz, which `dotnet run build.cs demo` fetches";
        }
    }
}
