using OnnxTransfer.Conversion;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>Every door that takes the path of a file, and everything that can be wrong with that file: the documented exception, in a sentence with the path.</summary>
public sealed class ExceptionTests : IClassFixture<ExceptionTests.Network>
{
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private static readonly Dictionary<string, Type> s_model = new()
    {
        ["missing"] = typeof(ModelNotFoundException),
        ["folder"] = typeof(ModelNotFoundException),
        ["empty"] = typeof(InvalidModelException),
        ["text"] = typeof(InvalidModelException),
        ["image"] = typeof(InvalidModelException),
        ["cut off"] = typeof(InvalidModelException),
        ["held"] = typeof(ModelException),
    };

    private static readonly Dictionary<string, Type> s_weights = new(s_model.Select(pair => pair.Key is "missing" or "folder" ? pair : KeyValuePair.Create(pair.Key, typeof(ModelException))));

    private static readonly Dictionary<string, Type> s_image = new(s_model.Keys.Except(["image"]).Select(state => KeyValuePair.Create(state, typeof(ImageDecodeException))));

    private static readonly Dictionary<string, Type> s_table = new()
    {
        ["missing"] = typeof(FileNotFoundException),
        ["folder"] = typeof(IOException),
        ["empty"] = typeof(DatasetException),
        ["text"] = typeof(DatasetException),
        ["image"] = typeof(DatasetException),
        ["cut off"] = typeof(DatasetException),
        ["held"] = typeof(IOException),
    };

    private static readonly Dictionary<string, Type> s_data = new(s_table.Select(pair => pair.Value != typeof(DatasetException) ? pair : KeyValuePair.Create(pair.Key, typeof(InvalidDataException))));

    private static readonly Door[] s_doors =
    [
        new("FeatureExtractor.Load", ".onnx", s_model, (path, _) => { FeatureExtractor.Load(path); return Task.CompletedTask; }),
        new("FeatureExtractor.LoadAsync", ".onnx", s_model, (path, _) => FeatureExtractor.LoadAsync(path)),
        new("ModelFile.Open", ".onnx", s_model, (path, _) => { ModelFile.Open(path); return Task.CompletedTask; }),
        new("ModelFile.OpenAsync", ".onnx", s_model, (path, _) => ModelFile.OpenAsync(path)),
        new("ImageClassifier.Load", ".onnx", s_model, (path, _) => { ImageClassifier.Load(path); return Task.CompletedTask; }),
        new("ImageClassifier.LoadAsync", ".onnx", s_model, (path, _) => ImageClassifier.LoadAsync(path)),
        new("ImageClassifier.FromBackbone", ".onnx", s_model, (path, _) => { ImageClassifier.FromBackbone(path); return Task.CompletedTask; }),
        new("ImageClassifier.FromBackboneAsync", ".onnx", s_model, (path, _) => ImageClassifier.FromBackboneAsync(path)),
        new("ReloadableClassifier.Load", ".onnx", s_model, (path, _) => { ReloadableClassifier.Load(path); return Task.CompletedTask; }),
        new("ReloadableClassifier.LoadAsync", ".onnx", s_model, (path, _) => ReloadableClassifier.LoadAsync(path)),
        new("ReloadableClassifier.ReloadAsync", ".onnx", s_model, (path, network) => network.Reloadable.ReloadAsync(path)),
        new("ClassifierHead.Load", ".onnx", s_model, (path, _) => { ClassifierHead.Load(path); return Task.CompletedTask; }),
        new("ClassifierHead.LoadAsync", ".onnx", s_model, (path, _) => ClassifierHead.LoadAsync(path)),
        new("ModelFile.ReplaceWeights .safetensors", ".safetensors", s_weights, (path, network) => { network.File.ReplaceWeights(path, path + ".onnx"); return Task.CompletedTask; }),
        new("ModelFile.ReplaceWeights .npz", ".npz", s_weights, (path, network) => { network.File.ReplaceWeights(path, path + ".onnx"); return Task.CompletedTask; }),
        new("ModelFile.ReplaceWeights .onnx", ".onnx", s_weights, (path, network) => { network.File.ReplaceWeights(path, path + ".onnx"); return Task.CompletedTask; }),
        new("FeatureExtractor.Embed", ".jpg", s_image, (path, network) => { network.Extractor.Embed(path); return Task.CompletedTask; }),
        new("FeatureExtractor.EmbedAsync", ".jpg", s_image, (path, network) => network.Extractor.EmbedAsync((ImageInput)path)),
        new("ImageClassifier.Predict", ".jpg", s_image, (path, network) => { network.Classifier.Predict(path); return Task.CompletedTask; }),
        new("ImageClassifier.PredictAsync", ".jpg", s_image, (path, network) => network.Classifier.PredictAsync((ImageInput)path)),
        new("ImageClassifier.Explain", ".jpg", s_image, (path, network) => { network.Classifier.Explain(path); return Task.CompletedTask; }),
        new("ReloadableClassifier.PredictAsync", ".jpg", s_image, (path, network) => network.Reloadable.PredictAsync((ImageInput)path)),
        new("ImageDataset.FromCsv", ".csv", s_table, (path, _) => { ImageDataset.FromCsv(path); return Task.CompletedTask; }),
        new("ImageDataset.FromTsv", ".tsv", s_table, (path, _) => { ImageDataset.FromTsv(path); return Task.CompletedTask; }),
        new("ImageDataset.FromJsonLines", ".jsonl", s_table, (path, _) => { ImageDataset.FromJsonLines(path); return Task.CompletedTask; }),
        new("FeatureMatrix.LoadNpy", ".npy", s_data, (path, _) => { FeatureMatrix.LoadNpy(path); return Task.CompletedTask; }),
        new("TfLiteConverter.Convert", ".tflite", s_data, (path, _) => { TfLiteConverter.Convert(path, path + ".onnx"); return Task.CompletedTask; }),
        new("KerasConverter.Convert", ".json", s_data, (path, _) => { KerasConverter.Convert(path, path + ".onnx"); return Task.CompletedTask; }),
    ];

    private readonly Network _network;

    public ExceptionTests(Network network) => _network = network;

    public static TheoryData<string, string> Matrix
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var door in s_doors)
            {
                foreach (var state in door.Expected.Keys) data.Add(door.Name, state);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task A_file_that_cannot_be_used_is_refused_as_documented(string name, string state)
    {
        var door = s_doors.Single(one => one.Name == name);
        using var folder = new TempFolder();
        var path = folder.File("the file" + door.Extension);
        using var held = Make(path, state);
        var error = await Assert.ThrowsAsync(door.Expected[state], () => door.OpenAsync(path, _network));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Matches(@"[.)]$", error.Message);
        if (state == "folder") Assert.Contains("is a folder", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path + ".onnx"));
    }

    [Fact]
    public void A_missing_classifier_is_answered_with_the_command_that_makes_one()
    {
        using var folder = new TempFolder();
        var path = folder.File("flowers.onnx");
        foreach (var open in new Action[] { () => ImageClassifier.Load(path), () => ClassifierHead.Load(path), () => ReloadableClassifier.Load(path) })
            Assert.Contains($"`onnxtransfer train DATA --out {path}`", Assert.Throws<ModelNotFoundException>(open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sound_network_that_is_no_classifier_says_so()
    {
        var file = Network.File18;
        Assert.Contains("is not a classifier", Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(file)).Message, StringComparison.Ordinal);
        Assert.Contains(file, Assert.Throws<InvalidModelException>(() => ClassifierHead.Load(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", typeof(DirectoryNotFoundException))]
    [InlineData("a file", typeof(DirectoryNotFoundException))]
    [InlineData("empty", typeof(DatasetException))]
    public void A_folder_that_cannot_be_used_is_refused_as_documented(string state, Type expected)
    {
        using var folder = new TempFolder();
        var path = folder.File("the folder");
        if (state == "a file") File.WriteAllText(path, "");
        if (state == "empty") Directory.CreateDirectory(path);
        foreach (var open in new Action[] { () => ImageDataset.FromFolder(path), () => ImageDataset.FromPattern(path, "(?<label>.)"), () => ImageListing.FromFolder(path) })
            Assert.Contains(path, Assert.Throws(expected, open).Message, StringComparison.Ordinal);
        // A file without the extension of a table is neither.
        Assert.Contains(path, Assert.Throws(state == "a file" ? typeof(ArgumentException) : expected, () => ImageDataset.Open(path)).Message, StringComparison.Ordinal);
    }

    private static FileStream? Make(string path, string state)
    {
        switch (state)
        {
            case "folder": Directory.CreateDirectory(path); break;
            case "empty": File.WriteAllText(path, ""); break;
            case "text": File.WriteAllText(path, "no such thing"); break;
            case "image": File.WriteAllBytes(path, TestImage.NoisyPng(30, 20, (1, 2, 3), 1)); break;
            case "cut off": File.WriteAllBytes(path, File.ReadAllBytes(Network.File18)[..100_000]); break;
            case "held":
                File.WriteAllText(path, "held by another program");
                return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }

        return null;
    }

    /// <param name="Name">The member.</param>
    /// <param name="Extension">What its files are named.</param>
    /// <param name="Expected">The documented exception for each state of the file.</param>
    /// <param name="OpenAsync">Calls it.</param>
    private sealed record Door(string Name, string Extension, Dictionary<string, Type> Expected, Func<string, Network, Task> OpenAsync);

    /// <summary>A network that is open already, for the doors that are its members.</summary>
    public sealed class Network : IDisposable
    {
        internal static string File18 { get; } = Path.Combine(AppContext.BaseDirectory, "onnxtransfer", "models", "resnet18.onnx");

        internal ModelFile File { get; } = ModelFile.Open("resnet18");

        internal FeatureExtractor Extractor { get; } = FeatureExtractor.Load("resnet18", s_onCpu);

        internal ImageClassifier Classifier { get; }

        internal ReloadableClassifier Reloadable { get; }

        public Network()
        {
            var head = ClassifierHead.FromWeights(
                MathNet.Numerics.LinearAlgebra.Matrix<float>.Build.Dense(Extractor.Dim, 2), MathNet.Numerics.LinearAlgebra.Vector<float>.Build.Dense(2));
            Classifier = ImageClassifier.Create(Extractor, head, ["one", "two"]);
            Reloadable = new ReloadableClassifier(ImageClassifier.Create(Extractor, head, ["one", "two"]), s_onCpu);
        }

        public void Dispose()
        {
            Reloadable.Dispose();
            Classifier.Dispose();
            Extractor.Dispose();
        }
    }
}
