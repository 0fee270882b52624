using System.Text.Json;
using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class ClassifierFileTests : IDisposable
{
    private const int Side = TinyBackbone.Side;
    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TensorLayout.Nchw, false, null)]
    [InlineData(TensorLayout.Nchw, true, 3)]
    [InlineData(TensorLayout.Nhwc, false, 1)]
    [InlineData(TensorLayout.Nhwc, true, null)]
    public async Task Pixels_fed_to_the_file_give_the_probabilities_of_the_classifier(TensorLayout layout, bool bgr, int? batch)
    {
        using var extractor = FeatureExtractor.Load(Tiny(layout, bgr, batch), s_onCpu);
        var file = _folder.File("fused.onnx");
        using var classifier = await TrainAsync(extractor);
        classifier.Save(file);

        using var session = new PixelSession(File.ReadAllBytes(file), file, "probabilities");
        var random = new Random(5);
        for (var i = 0; i < 4; i++)
        {
            var pixels = new byte[Side * Side * 3];
            random.NextBytes(pixels);
            using var image = PixelBuffer.FromRgb(pixels, Side, Side);
            var (ours, theirs) = (classifier.Predict(ImageInput.FromPixels(image)).Probabilities, session.Run(pixels, Side, Side));
            Assert.Equal(2, theirs.Length);
            for (var c = 0; c < 2; c++) Assert.Equal(ours[c], theirs[c], 1e-6f);
            Assert.InRange(ours[0], 0.001f, 0.999f);
        }
    }

    [Fact]
    public async Task The_metadata_lets_anybody_repeat_the_probe()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor);
        var model = OnnxModel.Load(Saved(classifier));
        Assert.Equal(
            ["onnxtransfer.card", "onnxtransfer.format", "onnxtransfer.labels", "onnxtransfer.probe", "onnxtransfer.training"], model.Metadata.Keys);
        using var probe = JsonDocument.Parse(model.Metadata["onnxtransfer.probe"]);
        Assert.Equal("uint8 pixel[n,y,x,c] = ((n+1)*(3*y+5*x) + 85*c) mod 256", probe.RootElement.GetProperty("images").GetString());

        var rows = probe.RootElement.GetProperty("probabilities");
        var pixels = new byte[rows.GetArrayLength() * Side * Side * 3];
        for (var i = 0; i < pixels.Length; i++)
        {
            var (c, x, y, n) = (i % 3, i / 3 % Side, i / 3 / Side % Side, i / 3 / Side / Side);
            pixels[i] = (byte)((((n + 1) * ((3 * y) + (5 * x))) + (85 * c)) % 256);
        }

        var expected = rows.EnumerateArray().SelectMany(row => row.EnumerateArray()).Select(value => value.GetSingle()).ToArray();
        var actual = GraphRunner.Run(model, "pixels", pixels, rows.GetArrayLength(), Side, Side, 3)["probabilities"];
        actual.AssertClose(new Values(expected, actual.Shape), 1e-6);
    }

    [Fact]
    public async Task A_file_that_answers_otherwise_than_when_it_was_saved_is_refused()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor);
        var model = OnnxModel.Load(Saved(classifier));
        var card = model.Metadata["onnxtransfer.card"];

        // Another mean in the card: the graph is as it was, but what this library feeds it is not. An earlier build did not keep the card's checksum.
        Assert.Contains("0.5", card);
        model.SetMetadata("onnxtransfer.card", card.Replace("0.5", "0.1", StringComparison.Ordinal));
        AssertRefused(model, "its card, which has the preprocessing, was changed");
        var probe = model.Metadata["onnxtransfer.probe"];
        model.SetMetadata("onnxtransfer.probe", (ClassifierProbe.FromJson(probe) with { CardSha256 = null }).ToJson());
        AssertRefused(model, "does not give the probabilities that it gave");

        model.SetMetadata("onnxtransfer.card", card);
        model.SetMetadata("onnxtransfer.probe", probe);
        var weights = model.Proto.Graph.Initializer.Single(tensor => tensor.Name == "weights");
        var changed = OnnxTensorData.ReadFloats(weights);
        changed[0] += 1;
        model.Proto.Graph.Initializer.Remove(weights);
        model.Proto.Graph.Initializer.Add(OnnxTensorData.Make("weights", weights.Dims, changed));
        AssertRefused(model, "does not give the probabilities that it gave");
    }

    /// <summary>
    /// A network that draws random numbers gives no two answers that are the same: it stands for whatever makes the written graph answer
    /// otherwise than the classifier in memory. Nothing is written, and what was there stays.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_graph_that_does_not_answer_as_the_classifier_does_is_not_saved(bool replaces)
    {
        var network = _folder.File("random.onnx");
        TinyBackbone.Write(network);
        var random = OnnxModel.Load(network);
        foreach (var node in random.Graph.Node.Where(node => node.Input.Contains("pooled"))) node.Input[0] = "shaken";
        random.Graph.Node.Insert(random.Graph.Node.Count - 1, new NodeProto { OpType = "RandomUniformLike", Name = "shaken", Input = { "pooled" }, Output = { "shaken" } });
        random.Save(network);
        using var extractor = FeatureExtractor.Load(network, s_onCpu);
        var head = ClassifierHead.FromWeights(MathNet.Numerics.LinearAlgebra.Matrix<float>.Build.Dense(TinyBackbone.Dim, 2, (d, c) => c == 0 && d % 2 == 0 ? 1 : 0), MathNet.Numerics.LinearAlgebra.Vector<float>.Build.Dense(2));
        using var classifier = ImageClassifier.Create(extractor, head, ["a", "b"]);

        AssertNotSaved(classifier.Save, "its graph gives probabilities that differ by up to", replaces);
    }

    /// <summary>A head that says other numbers than its layers have stands for a layer that is written wrongly.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_head_that_does_not_answer_as_the_one_in_memory_is_not_saved(bool replaces)
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = ImageClassifier.Create(extractor, new OtherwiseHead(TinyBackbone.Dim), ["a", "b"]);

        AssertNotSaved(classifier.Save, "its head gives other probabilities", replaces);
        AssertNotSaved(classifier.SaveHead, "its head gives other probabilities", replaces);
        AssertNotSaved(path => new OtherwiseHead(TinyBackbone.Dim).Save(path, ["a", "b"]), "its head gives other probabilities", replaces);
    }

    private void AssertNotSaved(Action<string> save, string message, bool replaces)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("onnxtransfer-").FullName, "saved.onnx");
        try
        {
            if (replaces) File.WriteAllText(path, "the one before");
            Assert.Contains(message, Assert.ThrowsAny<ModelException>(() => save(path)).Message, StringComparison.Ordinal);
            Assert.Equal(replaces ? [path] : [], Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!));
            if (replaces) Assert.Equal("the one before", File.ReadAllText(path));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private sealed class OtherwiseHead(int dim) : ClassifierHead(dim, classCount: 2)
    {
        internal override IReadOnlyList<DenseLayer> Layers { get; } = [new DenseLayer(dim, 2, new float[2 * dim], new float[2], Activation.Softmax)];

        private protected override void Compute(ReadOnlySpan<float> features, Span<float> probabilities) => (probabilities[0], probabilities[1]) = (0.500001f, 0.499999f);
    }

    [Theory]
    [InlineData("onnxtransfer.probe", null, "its probe images are missing")]
    [InlineData("onnxtransfer.probe", """{"images":"another formula","probabilities":[[1,0],[1,0]],"tolerance":0}""", "differ from the ones that this version knows")]
    [InlineData("onnxtransfer.labels", """["one"]""", "1 labels for 2 classes")]
    [InlineData("onnxtransfer.format", "1", "format 1")]
    public async Task A_file_with_other_metadata_is_refused(string key, string? value, string message)
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor);
        var model = OnnxModel.Load(Saved(classifier));
        model.SetMetadata(key, value);
        AssertRefused(model, message);
    }

    [Theory]
    [InlineData(TensorLayout.Nchw, true)]
    [InlineData(TensorLayout.Nhwc, false)]
    public void Taking_the_pixel_input_away_leaves_the_graph_that_was_there(TensorLayout layout, bool bgr)
    {
        var before = OnnxModel.Load(Tiny(layout, bgr));
        var after = before.Clone();
        OnnxPixelInput.Prepend(after, "image", "pixels", layout, Side, Side, 1.0 / 255, [0.1, 0.2, 0.3], [1, 2, 3], bgr);
        Assert.NotEqual(before.ToBytes(), after.ToBytes());
        OnnxPixelInput.Remove(after, "image", layout);
        // The constants that nothing reads any more go with the cut, which every session starts from.
        OnnxGraphEditor.Cut(after, "features");
        OnnxGraphEditor.Cut(before, "features");
        Assert.Equal(before.ToBytes(), after.ToBytes());
        Assert.Throws<InvalidDataException>(() => OnnxPixelInput.Remove(after, "image", layout));
    }

    [Fact]
    public async Task Looking_inside_shows_the_pixels_and_the_layers_of_the_network()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor);
        var file = ModelFile.Open(Saved(classifier));
        Assert.Equal("pixels", Assert.Single(file.Inputs).Name);
        Assert.Contains(file.Layers, layer => layer.Name == "activated");
        Assert.Equal(TinyBackbone.Dim, file.Features!.Dim);
    }

    [Fact]
    public async Task The_head_alone_is_two_nodes_that_any_runtime_computes()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor);
        var file = _folder.File("head.onnx");
        classifier.SaveHead(file);
        var head = OnnxModel.Load(file);
        Assert.Equal(["Gemm", "Softmax"], head.Proto.Graph.Node.Select(node => node.OpType));
        Assert.Equal("""["cyan","orange"]""", head.Metadata["onnxtransfer.labels"]);

        var photos = Directory.GetFiles(Path.Combine(_folder.Path, "photos"), "*.png", SearchOption.AllDirectories);
        var features = new Values([.. photos.SelectMany(photo => extractor.Embed(photo))], photos.Length, TinyBackbone.Dim);
        var expected = new Values([.. photos.SelectMany(photo => classifier.Predict(photo).Probabilities)], photos.Length, 2);
        GraphRunner.Run(head, ("features", features))["probabilities"].AssertClose(expected, 1e-6);
        Assert.Contains("is a head without a backbone", Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(file)).Message);
    }

    [Fact]
    public async Task A_head_with_hidden_layers_is_saved_alone_with_all_of_them()
    {
        using var extractor = FeatureExtractor.Load(Tiny(), s_onCpu);
        using var classifier = await TrainAsync(extractor, new TrainingPlan { Epochs = 2, HiddenUnits = [6] });
        var file = _folder.File("head.onnx");
        classifier.SaveHead(file);
        Assert.Equal(["Gemm", "Relu", "Gemm", "Softmax"], OnnxModel.Load(file).Proto.Graph.Node.Select(node => node.OpType));
    }

    [Theory]
    [InlineData(new[] { 0.25f, 0.75f }, 0.05f)]
    [InlineData(new[] { 0.2f, float.NaN }, float.PositiveInfinity)]
    [InlineData(new[] { float.NaN, 0.8f }, float.PositiveInfinity)]
    [InlineData(new[] { 1f }, float.PositiveInfinity)]
    public void Probes_differ_by_their_worst_probability(float[] row, float difference) =>
        Assert.Equal(difference, new ClassifierProbe([[0.2f, 0.8f]]).DifferenceTo(new ClassifierProbe([row])), 1e-6f);

    private void AssertRefused(OnnxModel model, string message)
    {
        var file = _folder.File("changed.onnx");
        model.Save(file);
        Assert.Contains(message, Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(file, s_onCpu)).Message);
    }

    private string Saved(ImageClassifier classifier)
    {
        var file = _folder.File("saved.onnx");
        classifier.Save(file);
        return file;
    }

    private string Tiny(TensorLayout layout = TensorLayout.Nchw, bool bgr = false, int? batch = null)
    {
        var path = _folder.File("tiny.onnx");
        TinyBackbone.Write(path, layout, batch);
        var card = ModelCard.PathFor(path);
        var spec = ModelCard.Load(card);
        (spec with { Preprocess = spec.Preprocess with { Bgr = bgr, Mean = [0.5, 0.4, 0.3] } }).Save(card);
        return path;
    }

    private async Task<ImageClassifier> TrainAsync(FeatureExtractor extractor, TrainingPlan? options = null)
    {
        for (var i = 0; i < 6; i++)
        {
            File.WriteAllBytes(_folder.File("photos", "orange", $"{i}.png"), TestImage.NoisyPng(20, 20, (230, 130, 20), i));
            File.WriteAllBytes(_folder.File("photos", "cyan", $"{i}.png"), TestImage.NoisyPng(20, 20, (20, 200, 210), 100 + i));
        }

        var photos = ImageDataset.FromFolder(Path.Combine(_folder.Path, "photos"));
        return (await ImageClassifier.TrainAsync(extractor, photos, options ?? new TrainingPlan { Epochs = 10, LearningRate = 0.05 })).Classifier;
    }
}
