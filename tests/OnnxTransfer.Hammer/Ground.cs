using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Hammer;

/// <summary>The files that every round uses: a network whose run takes about a millisecond, photos, and a trained classifier.</summary>
internal sealed class Ground : IDisposable
{
    private const int Side = 32;
    private const int Channels = 16;
    private const int Depth = 6;
    private const int Dim = 4;

    private readonly TempFolder _folder = new();
    private int _names;

    internal Ground()
    {
        Model = _folder.File("deep.onnx");
        WriteNetwork(Model);
        foreach (var (label, red) in new[] { ("cold", 40), ("warm", 220) })
        {
            for (var i = 0; i < 5; i++)
                File.WriteAllBytes(_folder.File("photos", label, $"{i}.png"), TestImage.NoisyPng(40, 30, ((byte)red, 90, 60), i + red));
        }

        Folder = ImageDataset.FromFolder(Path.Combine(_folder.Path, "photos"));
        Photos = [.. Folder.Images.Select(image => image.Image)];
        Encoded = File.ReadAllBytes(Photos[0].Id);
        Classifier = _folder.File("classifier.onnx");
        Cache = new FeatureCache(_folder.File("cache"));
        using var extractor = Open();
        using var trained = ImageClassifier.TrainAsync(extractor, Folder, Training).GetAwaiter().GetResult().Classifier;
        trained.Save(Classifier);
    }

    internal static FeatureExtractorOptions Options { get; } = new() { Provider = ExecutionProvider.Cpu };

    internal static TrainingPlan Training { get; } = new() { Epochs = 1, Threads = 1 };

    internal string Model { get; }

    internal string Classifier { get; }

    internal ImageDataset Folder { get; }

    internal IReadOnlyList<ImageInput> Photos { get; }

    internal ImageInput Photo => Photos[0];

    internal byte[] Encoded { get; }

    /// <summary>After the first rounds it holds the vectors of all photos, so that no network runs.</summary>
    internal FeatureCache Cache { get; }

    /// <summary>The layer with height and width that the features are the average of.</summary>
    internal static string Layer => $"relu{Depth}";

    internal FeatureExtractor Open(FeatureExtractorOptions? options = null) => FeatureExtractor.Load(Model, options ?? Options);

    internal ImageClassifier OpenClassifier() => ImageClassifier.Load(Classifier, Options);

    /// <summary>A file or folder that no other call uses.</summary>
    internal string NewPath(string ending) =>
        _folder.File("out", $"{Interlocked.Increment(ref _names) % 64}-{Environment.CurrentManagedThreadId}{ending}");

    public void Dispose() => _folder.Dispose();

    private static void WriteNetwork(string path)
    {
        var random = new Random(1);
        var builder = new OnnxGraphBuilder("deep");
        var at = builder.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, Side, Side);
        for (var layer = 1; layer <= Depth; layer++)
        {
            var (inputs, outputs) = (layer == 1 ? 3 : Channels, layer == Depth ? Dim : Channels);
            var weights = Enumerable.Range(0, outputs * inputs * 9).Select(_ => (float)((random.NextDouble() * 0.5) - 0.2)).ToArray();
            builder.Constant($"weights{layer}", [outputs, inputs, 3, 3], weights);
            builder.Node("Conv", $"conv{layer}", [at, $"weights{layer}"], ("pads", new long[] { 1, 1, 1, 1 }));
            at = builder.Node("Relu", $"relu{layer}", [$"conv{layer}"]);
        }

        builder.Node("GlobalAveragePool", "pooled", [at]);
        builder.Node("Flatten", "features", ["pooled"]);
        builder.Output("features", OnnxElementType.Float32, [OnnxDim.Named("N"), Dim]);
        builder.Build("deep").Save(path);
        new ModelCard
        {
            // A name for which the library carries vectors, so that VerifyParity runs the network; that they differ does not matter here.
            Id = "mobilenet-v2-oid",
            License = "MIT",
            Source = "made by the tests",
            Input = new ModelInput("image", TensorLayout.Nchw, Side, Side),
            Features = new ModelFeatures("features", Dim),
            Preprocess = new PreprocessSpec
            {
                Filter = ResizeFilter.PillowBilinear,
                Resize = Resize.Stretch(Side, Side),
                Mean = [0.5, 0.5, 0.5],
                Std = [0.5, 0.5, 0.5],
            },
        }.Save(Path.ChangeExtension(path, ".model.json"));
    }
}
