using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

/// <summary>Heads that were trained on a user's own vectors, and what becomes of them.</summary>
public sealed class OwnHeadTests : IDisposable
{
    private static readonly string[] s_labels = ["orange", "cyan"];
    private readonly TempFolder _folder = new();
    private readonly FeatureExtractor _extractor;
    private readonly string[] _photos;

    public OwnHeadTests()
    {
        TinyBackbone.Write(_folder.File("tiny.onnx"));
        _extractor = FeatureExtractor.Load(_folder.File("tiny.onnx"), new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        _photos = [.. Enumerable.Range(0, 12).Select(i => _folder.File("photos", $"{i}.png"))];
        for (var i = 0; i < _photos.Length; i++) File.WriteAllBytes(_photos[i], TestImage.NoisyPng(20, 20, i % 2 == 0 ? ((byte)230, (byte)130, (byte)20) : ((byte)20, (byte)200, (byte)210), i));
    }

    public void Dispose()
    {
        _extractor.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_head_on_own_vectors_becomes_a_classifier_that_is_saved_and_loaded_with_equal_bits(int hidden)
    {
        var rows = await EmbedAsync();
        var (head, _) = ClassifierHead.Train(rows, 2, Options(hidden));
        using var classifier = ImageClassifier.Create(_extractor, head, s_labels);
        classifier.Save(_folder.File("own.onnx"));
        using var loaded = ImageClassifier.Load(_folder.File("own.onnx"));

        Assert.Equal(s_labels, loaded.Labels);
        for (var i = 0; i < _photos.Length; i++)
        {
            var expected = head.Probabilities(rows.Features.Row(i));
            Assert.Equal(expected, classifier.Predict(_photos[i]).Probabilities);
            Assert.Equal(expected, loaded.Predict(_photos[i]).Probabilities);
            Assert.Equal(s_labels[i % 2], loaded.Predict(_photos[i]).Label);
        }
    }

    [Fact]
    public async Task A_head_of_a_fold_becomes_a_classifier_too()
    {
        var folds = ClassifierHead.CrossValidate(await EmbedAsync(), 2, 3, Options());
        using var classifier = ImageClassifier.Create(_extractor, folds[1].Head, s_labels);
        Assert.Equal("orange", classifier.Predict(_photos[0]).Label);
    }

    [Fact]
    public async Task The_file_says_that_the_vectors_were_the_callers()
    {
        using var classifier = ImageClassifier.Create(_extractor, await HeadAsync(), s_labels);
        classifier.Save(_folder.File("own.onnx"));
        var training = OnnxModel.Load(_folder.File("own.onnx")).Metadata["onnxtransfer.training"];
        Assert.Contains("training on the caller's own vectors", training, StringComparison.Ordinal);
        Assert.Contains("backbone tiny", training, StringComparison.Ordinal);
        Assert.Contains("classes 2; head Softmax; hidden []", training, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_extractor_stays_the_callers_and_the_labels_are_copied()
    {
        string[] labels = [.. s_labels];
        var classifier = ImageClassifier.Create(_extractor, await HeadAsync(), labels);
        labels[0] = "changed";
        Assert.Equal(s_labels, classifier.Labels);
        classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => classifier.Predict(_photos[0]));
        Assert.Equal(TinyBackbone.Dim, _extractor.Embed(_photos[0]).Length);

        var head = await HeadAsync();
        _extractor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ImageClassifier.Create(_extractor, head, s_labels));
    }

    [Theory]
    [InlineData("one", "The head has 2 classes, but there is 1 label")]
    [InlineData("one,two,three", "The head has 2 classes, but there are 3 labels")]
    [InlineData("one, ", "Label 1 is empty")]
    [InlineData("one,one", "The labels 0 and 1 are both 'one'")]
    public async Task Labels_that_do_not_fit_are_refused(string labels, string message)
    {
        var head = await HeadAsync();
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => ImageClassifier.Create(_extractor, head, labels.Split(','))).Message, StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => head.Save(_folder.File("head.onnx"), labels.Split(','))).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("head.onnx")));
    }

    [Theory]
    [InlineData(TinyBackbone.Dim + 3, "If it was trained on further columns, save it with ClassifierHead.Save")]
    [InlineData(TinyBackbone.Dim - 3, "use the extractor, with the layers, whose vectors the head was trained on")]
    public void A_head_of_another_dimension_is_refused(int dim, string advice)
    {
        var random = new Random(1);
        var rows = new LabeledFeatures(new FeatureMatrix([.. Enumerable.Range(0, 4 * dim).Select(_ => random.NextSingle())], 4, dim), [0, 1, 0, 1]);
        var error = Assert.Throws<ArgumentException>(() => ImageClassifier.Create(_extractor, ClassifierHead.Train(rows, 2, Options()).Head, s_labels)).Message;
        Assert.StartsWith($"The head takes {dim} features, but {_folder.File("tiny.onnx")} gives {TinyBackbone.Dim}: ", error, StringComparison.Ordinal);
        Assert.Contains(advice, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    public async Task A_head_on_vectors_and_further_columns_is_saved_alone_and_any_runtime_computes_it(int hidden)
    {
        // Two columns more: one that tells the classes apart, and a constant.
        var vectors = await EmbedAsync();
        var dim = TinyBackbone.Dim + 2;
        float[] values = [.. Enumerable.Range(0, _photos.Length).SelectMany(i => (float[])[.. vectors.Features.Row(i), i % 2, 1f])];
        var (head, _) = ClassifierHead.Train(new LabeledFeatures(new FeatureMatrix(values, _photos.Length, dim), [.. vectors.Labels]), 2, Options(hidden));
        var file = _folder.File("head.onnx");
        head.Save(file, s_labels);

        var loaded = ClassifierHead.Load(file);
        Assert.Equal(s_labels, loaded.Labels);
        Assert.Equal(dim, loaded.Head.Dim);
        var expected = new float[_photos.Length * 2];
        for (var i = 0; i < _photos.Length; i++)
        {
            var row = head.Probabilities(values.AsSpan(i * dim, dim));
            Assert.Equal(row, loaded.Head.Probabilities(values.AsSpan(i * dim, dim)));
            Assert.True(row[i % 2] > 0.5f);
            row.CopyTo(expected, i * 2);
        }

        GraphRunner.Run(OnnxModel.Load(file), ("features", new Values(values, _photos.Length, dim)))["probabilities"].AssertClose(new Values(expected, _photos.Length, 2), 1e-6);
        Assert.Equal("training on the caller's own vectors", OnnxModel.Load(file).Metadata["onnxtransfer.training"]);
    }

    [Fact]
    public async Task A_head_is_read_from_the_file_of_a_whole_classifier_and_from_a_head_of_one()
    {
        var head = await HeadAsync();
        using var classifier = ImageClassifier.Create(_extractor, head, s_labels);
        classifier.Save(_folder.File("own.onnx"));
        classifier.SaveHead(_folder.File("head.onnx"));
        var row = _extractor.Embed(_photos[3]);
        foreach (var name in new[] { "own.onnx", "head.onnx" })
        {
            var loaded = ClassifierHead.Load(_folder.File(name));
            Assert.Equal(s_labels, loaded.Labels);
            Assert.Equal(head.Probabilities(row), loaded.Head.Probabilities(row));
        }
    }

    [Fact]
    public async Task What_is_no_head_is_refused()
    {
        Assert.Contains("is not a head", Assert.Throws<InvalidModelException>(() => ClassifierHead.Load(_folder.File("tiny.onnx"))).Message, StringComparison.Ordinal);
        Assert.Throws<ModelNotFoundException>(() => ClassifierHead.Load(_folder.File("missing.onnx")));
        File.WriteAllText(_folder.File("text.onnx"), "no protobuf");
        Assert.Throws<InvalidModelException>(() => ClassifierHead.Load(_folder.File("text.onnx")));

        var file = _folder.File("head.onnx");
        (await HeadAsync()).Save(file, s_labels);
        Assert.Contains("is a head without a backbone", Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(file)).Message, StringComparison.Ordinal);
        var model = OnnxModel.Load(file);
        model.SetMetadata("onnxtransfer.labels", """["one"]""");
        model.Save(file);
        Assert.Contains("1 labels for 2 classes", Assert.Throws<InvalidModelException>(() => ClassifierHead.Load(file)).Message, StringComparison.Ordinal);
    }

    private static TrainingOptions Options(int hidden = 0) => new() { Epochs = 10, LearningRate = 0.05, HiddenUnits = hidden > 0 ? [hidden] : [] };

    private async Task<LabeledFeatures> EmbedAsync()
    {
        var embedding = await _extractor.EmbedAsync(ImageInput.FromFiles(_photos));
        return new LabeledFeatures(embedding.Features, [.. embedding.Indices.Select(i => i % 2)]);
    }

    private async Task<ClassifierHead> HeadAsync() => ClassifierHead.Train(await EmbedAsync(), 2, Options()).Head;
}
