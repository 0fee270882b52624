using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>
/// A saved classifier that somebody changed: each change is refused when the file is loaded, or it changes no answer and no name, or it is one
/// that the owner of a file may make. A file has no signature, so whoever makes all of its parts anew makes another classifier.
/// </summary>
public sealed class TamperedClassifierTests : IDisposable
{
    private const string LabelsKey = "onnxtransfer.labels";
    private const string ProbeKey = "onnxtransfer.probe";
    private const string CardKey = "onnxtransfer.card";
    private const string KeptKey = "onnxtransfer.features";

    private static readonly FeatureExtractorOptions s_onCpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string?, string> Refused => new()
    {
        { LabelsKey, """["a"]""", "1 labels for 2 classes" },
        { LabelsKey, """["a","b","c"]""", "3 labels for 2 classes" },
        { LabelsKey, """["a","a"]""", "'a'" },
        { LabelsKey, """["a",""]""", "empty" },
        { LabelsKey, """["a"," "]""", "empty" },
        { LabelsKey, """["a",null]""", "empty" },
        { LabelsKey, "null", "0 labels" },
        { LabelsKey, """{"0":"a"}""", "damaged classifier" },
        { LabelsKey, """["a",7]""", "damaged classifier" },
        { LabelsKey, """["a","\ud800"]""", "damaged classifier" },
        { LabelsKey, """["a","b" """, "damaged classifier" },
        { LabelsKey, null, "is no" },
        { ProbeKey, null, "probe images are missing" },
        { ProbeKey, "{}", "probe images differ" },
        { ProbeKey, "null", "probe images differ" },
        { ProbeKey, "[]", "damaged classifier" },
        { CardKey, null, "without a backbone" },
        { CardKey, "{}", "card inside" },
        { CardKey, "\u0000", "card inside" },
        { CardKey, """{"id":"\ud800"}""", "card inside" },
        { KeptKey, "", "kept feature vectors" },
        { KeptKey, "AAAA", "kept feature vectors" },
        { KeptKey, "no base64", "kept feature vectors" },
        { "onnxtransfer.format", null, "format" },
        { "onnxtransfer.format", "99", "format 99" },
        { "onnxtransfer.unknown-below", "2", "below which it answers unknown" },
        { "onnxtransfer.unknown-below", "NaN", "below which it answers unknown" },
        { "onnxtransfer.unknown-below", "half", "below which it answers unknown" },
        { "onnxtransfer.calibration", "{}", "calibration" },
        { "onnxtransfer.calibration", """{"temperature":1,"lossBefore":1,"lossAfter":1,"truths":[2]}""", "calibration" },
        { "onnxtransfer.calibration", """{"temperature":1e999,"lossBefore":1,"lossAfter":1,"truths":[0.5]}""", "calibration" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Other_metadata_is_refused(string key, string? value, string message)
    {
        var model = Saved();
        model.SetMetadata(key, value);
        AssertRefused(model, message);
    }

    [Theory]
    [InlineData("[[0.5,0.5],null]", "probe images differ")]
    [InlineData("[null,null]", "probe images differ")]
    [InlineData("null", "probe images differ")]
    [InlineData("[[0.5,0.5]]", "probe images differ")]
    [InlineData("[[1],[1]]", "does not give the probabilities")]
    [InlineData("[[],[]]", "does not give the probabilities")]
    [InlineData("[[1,0,0],[1,0,0]]", "does not give the probabilities")]
    [InlineData("[[1e999,0],[0,1]]", "does not give the probabilities")]
    [InlineData("[[\"NaN\",0],[0,1]]", "damaged classifier")]
    [InlineData("[[0,0],[0,0]]", "does not give the probabilities")]
    public void Other_probabilities_of_the_probe_are_refused(string probabilities, string message)
    {
        var model = Saved();
        var probe = JsonNode.Parse(model.Metadata[ProbeKey])!;
        probe["probabilities"] = JsonNode.Parse(probabilities);
        // The tolerance is for other readers: this one has its own.
        probe["tolerance"] = 1e30;
        model.SetMetadata(ProbeKey, probe.ToJsonString());
        AssertRefused(model, message);
    }

    [Theory]
    [InlineData("preprocess.resize.filter", "\"nearest\"")]
    [InlineData("preprocess.resize.mode", "\"shortest-edge\"")]
    [InlineData("preprocess.channels", "\"BGR\"")]
    [InlineData("preprocess.rescale", "1")]
    [InlineData("preprocess.mean", "[0.1,0.1,0.1]")]
    [InlineData("preprocess.std", "[9,9,9]")]
    [InlineData("input.tensor", "\"nothing\"")]
    [InlineData("input.layout", "\"NHWC\"")]
    [InlineData("features.tensor", "\"pooled\"")]
    [InlineData("features.dim", "7")]
    [InlineData("sha256", "\"0000000000000000000000000000000000000000000000000000000000000000\"")]
    public void Another_card_is_refused(string field, string json)
    {
        var model = Saved();
        var card = JsonNode.Parse(model.Metadata[CardKey])!;
        var names = field.Split('.');
        var parent = names[..^1].Aggregate(card, (node, name) => node[name]!);
        Assert.NotEqual(json, parent[names[^1]]?.ToJsonString());
        parent[names[^1]] = JsonNode.Parse(json);
        model.SetMetadata(CardKey, card.ToJsonString());
        Assert.True(Refusal(model).Length > 40);
    }

    [Fact]
    public void Another_head_is_refused_of_the_same_shape_and_of_any_other()
    {
        AssertRefused(WithHead(Head(TinyBackbone.Dim, 2, seed: 2)), "does not give the probabilities");
        AssertRefused(WithHead(Head(TinyBackbone.Dim, 3, seed: 2)), "2 labels for 3 classes");
        AssertRefused(WithHead(Head(TinyBackbone.Dim - 1, 2, seed: 2)), "its head takes 11 features, but its backbone gives 12");
        var hidden = ClassifierHead.FromLayers(
        [
            new DenseLayer(TinyBackbone.Dim, 3, new float[3 * TinyBackbone.Dim], new float[3], Activation.Relu),
            new DenseLayer(3, 2, new float[6], new float[2], Activation.Softmax),
        ]);
        AssertRefused(WithHead(hidden), "does not give the probabilities");
        var none = Saved();
        foreach (var node in none.Graph.Node.Where(node => node.OpType is "Gemm")) node.OpType = "MatMul";
        AssertRefused(none, "its head is missing");
    }

    [Theory]
    [InlineData(float.NaN, "NaN or infinite")]
    [InlineData(float.PositiveInfinity, "NaN or infinite")]
    [InlineData(float.NegativeInfinity, "NaN or infinite")]
    [InlineData(1e9f, "does not give the probabilities")]
    public void Other_weights_are_refused(float value, string message)
    {
        foreach (var isBias in new[] { false, true })
        {
            var model = Saved();
            var gemm = model.Graph.Node.Single(node => node.OpType == "Gemm");
            Change(model, gemm.Input[isBias ? 2 : 1], value);
            AssertRefused(model, message);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(100)]
    public void Other_weights_of_the_backbone_are_refused(float value)
    {
        var model = Saved();
        Change(model, "weights", value);
        AssertRefused(model, "does not give the probabilities");
    }

    /// <summary>Behind a ReLU a NaN is 0: without a look at the weights, a unit that the probe does not need would be lost in silence.</summary>
    [Fact]
    public void A_head_whose_hidden_unit_is_NaN_is_refused_although_its_probabilities_are_numbers()
    {
        var (first, second) = (new float[TinyBackbone.Dim * 2], new float[4]);
        first[0] = float.NaN;
        var head = ClassifierHead.FromLayers([new DenseLayer(TinyBackbone.Dim, 2, first, new float[2], Activation.Relu), new DenseLayer(2, 2, second, new float[2], Activation.Softmax)]);
        Assert.DoesNotContain(head.Probabilities(new float[TinyBackbone.Dim]), float.IsNaN);
        var path = _folder.File("nan.onnx");

        Assert.Contains("NaN or infinite", Assert.Throws<ModelException>(() => head.Save(path, ["a", "b"])).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("""["a","a"]""", "'a'")]
    [InlineData("""["a",null]""", "empty")]
    [InlineData("""["a"]""", "1 labels for 2 classes")]
    [InlineData("[]", "0 labels for 2 classes")]
    public void A_head_alone_with_other_labels_is_refused(string labels, string message)
    {
        var path = _folder.File("head.onnx");
        Head(5, 2, seed: 1).Save(path, ["a", "b"]);
        var model = OnnxModel.Load(path);
        model.SetMetadata(LabelsKey, labels);
        model.Save(path);
        Assert.Contains(message, Assert.Throws<InvalidModelException>(() => ClassifierHead.Load(path)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> KeptHeaders =>
    [
        "null", "{}", "[]", """{"__metadata__":null}""", """{"__metadata__":{"ids":"null","origin":"o"}}""", """{"__metadata__":{"ids":"[null]","origin":"o"}}""", """{"__metadata__":{"ids":"[]","origin":null}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":{"shape":[1,12],"data_offsets":[]}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":{"shape":[1,12],"data_offsets":[48]}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":{"shape":[1,12],"data_offsets":[48,0]}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":{"shape":[1,12],"data_offsets":[0,2147483647]}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":{"shape":[1,-12],"data_offsets":[0,48]}}""",
        """{"__metadata__":{"ids":"[\"1\"]","origin":"o"},"features":7}""",
    ];

    [Theory]
    [MemberData(nameof(KeptHeaders))]
    public void Kept_vectors_that_cannot_be_are_refused(string header)
    {
        byte[] file = [.. BitConverter.GetBytes((long)Encoding.UTF8.GetByteCount(header)), .. Encoding.UTF8.GetBytes(header), .. new byte[64]];
        var model = Saved();
        model.SetMetadata(KeptKey, Convert.ToBase64String(file));
        AssertRefused(model, "its kept feature vectors cannot be read");
    }

    /// <summary>What the owner of a file may change: names, notes, and the graph's part that is for other programs.</summary>
    [Fact]
    public void What_changes_no_answer_is_harmless()
    {
        using var before = ImageClassifier.Load(Write(Saved()), s_onCpu);
        var photo = TestImage.NoisyPng(20, 20, (230, 130, 20), 1);
        var expected = before.Predict(ImageInput.FromBytes(photo)).Probabilities;

        // Names are the file's own to give. A control character stays in the name; what prints names escapes it.
        AssertSame(model => model.SetMetadata(LabelsKey, JsonSerializer.Serialize(new[] { "\u001b[31mred\u0007", "line\nbreak" })), ["\u001b[31mred\u0007", "line\nbreak"]);
        AssertSame(model => model.SetMetadata("onnxtransfer.training", "anything \u0000"), ["a", "b"]);
        AssertSame(model => model.SetMetadata("another.tool", "its note"), ["a", "b"]);
        AssertSame(model => model.SetMetadata(ProbeKey, (ClassifierProbe.FromJson(model.Metadata[ProbeKey]) with { CardSha256 = null }).ToJson()), ["a", "b"]);
        AssertSame(model => (model.Proto.ProducerName, model.Proto.DocString) = ("somebody else", new string('x', 10_000)), ["a", "b"]);

        void AssertSame(Action<OnnxModel> change, string[] labels)
        {
            var model = Saved();
            change(model);
            using var classifier = ImageClassifier.Load(Write(model), s_onCpu);
            Assert.Equal(labels, classifier.Labels);
            Assert.Equal(expected, classifier.Predict(ImageInput.FromBytes(photo)).Probabilities);
        }
    }

    private static ClassifierHead Head(int dim, int classes, int seed)
    {
        var random = new Random(seed);
        return ClassifierHead.FromWeights(Matrix<float>.Build.Dense(dim, classes, (_, _) => (float)((random.NextDouble() * 4) - 2)), Vector<float>.Build.Dense(classes));
    }

    private OnnxModel Saved()
    {
        var (network, saved) = (_folder.File("tiny.onnx"), _folder.File("saved.onnx"));
        if (!File.Exists(saved))
        {
            TinyBackbone.Write(network);
            using var extractor = FeatureExtractor.Load(network, s_onCpu);
            using var classifier = ImageClassifier.Create(extractor, Head(TinyBackbone.Dim, 2, seed: 1), ["a", "b"]);
            classifier.Save(saved);
        }

        return OnnxModel.Load(saved);
    }

    /// <summary>The saved classifier with the nodes of another head in the place of its own.</summary>
    private OnnxModel WithHead(ClassifierHead head)
    {
        var model = Saved();
        var gemm = model.Graph.Node.Single(node => node.OpType == "Gemm");
        var alone = _folder.File("other.onnx");
        head.Save(alone, [.. Enumerable.Range(0, head.ClassCount).Select(index => $"{index}")]);
        var other = OnnxModel.Load(alone);
        foreach (var tensor in other.Graph.Initializer) tensor.Name = "other/" + tensor.Name;
        foreach (var node in other.Graph.Node)
        {
            for (var i = 0; i < node.Input.Count; i++)
            {
                if (other.Graph.Initializer.Any(tensor => tensor.Name == "other/" + node.Input[i])) node.Input[i] = "other/" + node.Input[i];
                else if (node.Input[i] == "features") node.Input[i] = gemm.Input[0];
            }
        }

        foreach (var node in model.Graph.Node.Where(node => node.OpType is "Gemm" or "Softmax").ToList()) model.Graph.Node.Remove(node);
        model.Graph.Initializer.AddRange(other.Graph.Initializer);
        model.Graph.Node.AddRange(other.Graph.Node);
        return model;
    }

    private static void Change(OnnxModel model, string constant, float value)
    {
        var tensor = model.Graph.Initializer.Single(one => one.Name == constant);
        var values = OnnxTensorData.ReadFloats(tensor);
        values[0] = value;
        model.Graph.Initializer.Remove(tensor);
        model.Graph.Initializer.Add(OnnxTensorData.Make(constant, tensor.Dims, values));
    }

    private string Write(OnnxModel model)
    {
        var path = _folder.File("changed.onnx");
        model.Save(path);
        return path;
    }

    private string Refusal(OnnxModel model) => Assert.Throws<InvalidModelException>(() => ImageClassifier.Load(Write(model), s_onCpu).Dispose()).Message;

    private void AssertRefused(OnnxModel model, string message)
    {
        var sentence = Refusal(model);
        Assert.Contains(message, sentence, StringComparison.Ordinal);
        Assert.Contains("changed.onnx", sentence, StringComparison.Ordinal);
    }
}
