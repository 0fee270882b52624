using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

/// <summary>Networks as they are exported, through the public door.</summary>
public sealed class StubbornModelTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu, Threads = 1 };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_that_reshapes_repeat_is_freed(bool fixedInput)
    {
        var path = SmallGraphs.Write(Fixed(fixedInput, mixes: false), _folder.File("fixed.onnx"), SmallGraphs.Card() with { Features = new ModelFeatures("flat", 192), Classes = null });

        using var extractor = FeatureExtractor.Load(path, OnCpu);

        await AssertBatchesAgree(extractor);
        Assert.Null(ModelFile.Open(path).WhyBatchFixed);
        Assert.Equal("[N,3,8,8]", extractor.Backbone.CutTo("flat", 192).Inputs[0].ShapeText);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_batch_that_cannot_be_freed_runs_image_by_image_and_says_why(bool fixedInput)
    {
        var path = SmallGraphs.Write(Fixed(fixedInput, mixes: true), _folder.File("mixed.onnx"), SmallGraphs.Card() with { Features = new ModelFeatures("flat", 192), Classes = null });

        using var extractor = FeatureExtractor.Load(path, OnCpu);

        await AssertBatchesAgree(extractor);
        Assert.Contains("Softmax 'mixed'", ModelFile.Open(path).WhyBatchFixed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Constants_listed_as_inputs_are_none_and_a_classifier_on_them_is_saved_and_loaded()
    {
        var model = SmallGraphs.Classifier();
        (model.Proto.IrVersion, model.Proto.OpsetImport[0].Version) = (3, 7);
        foreach (var constant in model.Graph.Initializer)
            model.Graph.Input.Add(new OnnxValue(constant.Name, OnnxElementType.Float32, [.. constant.Dims.Select(dim => (OnnxDim)dim)]).ToProto());
        var path = SmallGraphs.Write(model, _folder.File("old.onnx"), SmallGraphs.Card());

        using var extractor = FeatureExtractor.Load(path, OnCpu);
        using var reference = FeatureExtractor.Load(SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("new.onnx"), SmallGraphs.Card()), OnCpu);
        Photos("red", 6);
        Photos("blue", 6);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(_folder.Path));
        var saved = _folder.File("classifier.onnx");
        result.Classifier.Save(saved);
        using var classifier = ImageClassifier.Load(saved, OnCpu);

        var photo = Photos("red", 1)[0];
        Assert.Equal(reference.Embed(photo), extractor.Embed(photo));
        Assert.Equal(["image"], ModelFile.Open(path).Inputs.Select(input => input.Name));
        Assert.Single(OnnxModel.Load(saved).Graph.Input);
        Assert.Equal(result.Classifier.Predict(photo).Probabilities, classifier.Predict(photo).Probabilities);
    }

    [Fact]
    public async Task Sixteen_bit_inputs_and_weights_are_fed_and_read_as_float32()
    {
        var half = new OnnxGraphBuilder("half");
        half.Input("image", OnnxElementType.Float16, OnnxDim.Named("N"), 3, 8, 8);
        half.Constant("w", OnnxElementType.Float16, [4, 3, 1, 1], [.. Values.Random(1, 12).Data.SelectMany(value => BitConverter.GetBytes((Half)value))]);
        var whole = new OnnxGraphBuilder("whole");
        whole.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        whole.Constant("w", [4, 3, 1, 1], Values.Random(1, 12).Data);
        foreach (var (graph, type) in new[] { (half, OnnxElementType.Float16), (whole, OnnxElementType.Float32) })
        {
            graph.Node("Conv", "conv", ["image", "w"]);
            graph.Node("GlobalAveragePool", "pooled", ["conv"]);
            graph.Node("Flatten", "flat", ["pooled"]);
            graph.Output("flat", type, [OnnxDim.Named("N"), 4]);
        }

        var card = SmallGraphs.Card() with { Classes = null };
        var path = SmallGraphs.Write(half.Build("half"), _folder.File("half.onnx"), card);
        using var extractor = FeatureExtractor.Load(path, OnCpu);
        using var inner = FeatureExtractor.Load(path, OnCpu with { Layer = "conv", Pooling = FeaturePooling.Max });
        using var reference = FeatureExtractor.Load(SmallGraphs.Write(whole.Build("whole"), _folder.File("whole.onnx"), card), OnCpu);

        var photo = Photos("red", 1)[0];
        var (expected, actual) = (reference.Embed(photo), extractor.Embed(photo));
        for (var d = 0; d < 4; d++) Assert.Equal(expected[d], actual[d], 5e-3f);
        Assert.Equal(4, inner.Embed(photo).Length);
        Assert.Equal("[N,4]", extractor.Backbone.CutTo("flat", 4).Outputs[0].ShapeText);
        await AssertBatchesAgree(extractor);
        Assert.Equal("float16", ModelFile.Open(path).Inputs[0].ElementType);
    }

    [Theory]
    [InlineData("weights/data.bin", null)]
    [InlineData("data.bin", "../data.bin")]
    [InlineData("data.bin", "/etc/hostname")]
    public void Weights_beside_the_model_are_read_from_below_its_folder_only(string file, string? stated)
    {
        var model = SmallGraphs.Classifier();
        using (var data = File.Create(_folder.File(file)))
        {
            foreach (var constant in model.Graph.Initializer)
            {
                constant.DataLocation = TensorProto.Types.DataLocation.External;
                constant.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = stated ?? file });
                constant.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = data.Position.ToString(CultureInfo.InvariantCulture) });
                constant.RawData.WriteTo(data);
                constant.ClearRawData();
            }
        }

        var path = SmallGraphs.Write(model, _folder.File("outside.onnx"), SmallGraphs.Card());
        if (stated is not null)
        {
            Assert.Contains("below the model's own folder", Assert.Throws<InvalidModelException>(() => FeatureExtractor.Load(path, OnCpu)).Message, StringComparison.Ordinal);
            return;
        }

        using var extractor = FeatureExtractor.Load(path, OnCpu);
        using var reference = FeatureExtractor.Load(SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("inside.onnx"), SmallGraphs.Card()), OnCpu);
        var photo = Photos("red", 1)[0];
        Assert.Equal(reference.Embed(photo), extractor.Embed(photo));
        Assert.Equal(new FileInfo(path).Length + new FileInfo(_folder.File(file)).Length, ModelFile.Open(path).Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void With_or_without_a_softmax_the_features_are_found_without_a_card(bool softmax)
    {
        var path = SmallGraphs.Write(SmallGraphs.Classifier(softmax), _folder.File("bare.onnx"), card: null);

        Assert.Contains(".model.json", Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu)).Message, StringComparison.Ordinal);
        using var extractor = FeatureExtractor.Load(path, OnCpu with { Preprocess = SmallGraphs.Pixels(8) });

        Assert.Equal(new ModelFeatures("flat", 4), extractor.Card.Features);
        Assert.Equal(softmax ? ScoreKind.Probabilities : ScoreKind.Logits, extractor.Card.Classes!.Kind);
    }

    [Theory]
    [InlineData(7, 3)]
    [InlineData(9, 4)]
    [InlineData(10, 5)]
    [InlineData(11, 6)]
    [InlineData(12, 7)]
    [InlineData(13, 7)]
    [InlineData(14, 8)]
    [InlineData(15, 8)]
    [InlineData(16, 8)]
    [InlineData(17, 8)]
    [InlineData(18, 8)]
    [InlineData(19, 9)]
    [InlineData(20, 9)]
    [InlineData(21, 10)]
    [InlineData(22, 10)]
    public void Operator_sets_7_to_22_are_cut_pooled_and_joined(long opset, long irVersion)
    {
        // Channels last inside, so that pooling takes the axes that later operator sets give as an input.
        var graph = new OnnxGraphBuilder("opset");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 8, 8, 3);
        graph.Node("Relu", "last", ["image"]);
        graph.Node("Transpose", "first", ["last"], ("perm", new long[] { 0, 3, 1, 2 }));
        graph.Node("GlobalAveragePool", "pooled", ["first"]);
        graph.Node("Flatten", "flat", ["pooled"]);
        graph.Output("flat", OnnxElementType.Float32, null);
        var model = graph.Build("opset");
        (model.Proto.OpsetImport[0].Version, model.Proto.IrVersion) = (opset, irVersion);
        var card = SmallGraphs.Card() with { Input = new ModelInput("image", TensorLayout.Nhwc, 8, 8), Features = new ModelFeatures("flat", 3), Classes = null };
        var path = SmallGraphs.Write(model, _folder.File("opset.onnx"), card);
        var photo = Photos("red", 1)[0];

        using var own = FeatureExtractor.Load(path, OnCpu);
        using var average = FeatureExtractor.Load(path, OnCpu with { Layers = ["last", "first", "flat"] });
        using var greatest = FeatureExtractor.Load(path, OnCpu with { Layers = ["last", "first"], Pooling = FeaturePooling.Max });

        var expected = own.Embed(photo);
        var joined = average.Embed(photo);
        for (var i = 0; i < 9; i++) Assert.Equal(expected[i % 3], joined[i], 1e-6f);
        var peaks = greatest.Embed(photo);
        Assert.Equal(peaks[..3], peaks[3..]);
    }

    [Fact]
    public void A_file_over_two_gigabytes_is_refused_before_it_is_read()
    {
        var path = _folder.File("huge.onnx");
        using (var stream = File.Create(path)) stream.SetLength(1L << 31);

        Assert.Contains("2 GB", Assert.Throws<InvalidModelException>(() => FeatureExtractor.Load(path, OnCpu)).Message, StringComparison.Ordinal);
        Assert.Contains("2 GB", Assert.Throws<InvalidModelException>(() => ModelFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_that_the_graph_does_not_take_is_refused_on_loading()
    {
        var path = SmallGraphs.Write(SmallGraphs.Classifier(), _folder.File("small.onnx"), SmallGraphs.Card());

        var message = Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu with { Preprocess = SmallGraphs.Pixels(6) })).Message;

        Assert.Contains("[-1,3,8,8]", message, StringComparison.Ordinal);
        Assert.Contains("[3,6,6]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dense", 6, "takes 256 numbers for each image, but this size gives 144")]
    [InlineData("window", 6, "larger than the remaining image, [N,4,6,6]")]
    [InlineData("window", 17, "[N,4,2,2]: 16 numbers for each image, but 4 are expected")]
    public void A_size_that_an_open_graph_was_not_made_for_is_explained(string end, int side, string why)
    {
        var graph = new OnnxGraphBuilder("open");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, OnnxDim.Named("H"), OnnxDim.Named("W"));
        graph.Constant("w", [4, 3, 1, 1], Values.Random(1, 12).Data);
        graph.Node("Conv", "conv", ["image", "w"]);
        if (end == "dense")
        {
            graph.Constant("fc", [256, 4], Values.Random(2, 1024).Data);
            graph.Node("Flatten", "all", ["conv"]);
            graph.Node("Gemm", "flat", ["all", "fc"]);
        }
        else
        {
            graph.Node("AveragePool", "flat", ["conv"], ("kernel_shape", new[] { 8, 8 }), ("strides", new[] { 8, 8 }));
        }

        graph.Output("flat", OnnxElementType.Float32, null);
        var path = SmallGraphs.Write(graph.Build("open.onnx"), _folder.File("open.onnx"), SmallGraphs.Card() with { Classes = null });
        using (FeatureExtractor.Load(path, OnCpu))
        {
        }

        var message = Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu with { Preprocess = SmallGraphs.Pixels(side) })).Message;

        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.Contains($"{side}x{side} pixels", message, StringComparison.Ordinal);
        // What lies before the misfit may be used at any size.
        using var earlier = FeatureExtractor.Load(path, OnCpu with { Preprocess = SmallGraphs.Pixels(side), Layer = "conv" });
        Assert.Equal(4, earlier.Dim);
    }

    private async Task AssertBatchesAgree(FeatureExtractor extractor)
    {
        var paths = Photos("any", 5);
        var five = (await extractor.EmbedAsync(ImageInput.FromFiles(paths), batchSize: 5)).Features;
        for (var i = 0; i < 5; i++)
        {
            var one = extractor.Embed(paths[i]);
            Assert.Contains(one, value => value != 0);
            for (var d = 0; d < one.Length; d++) Assert.Equal(one[d], five.Row(i)[d], 1e-5f);
        }
    }

    /// <summary>Batch 1 throughout, or only behind the input: reshapes that repeat it, one of which, if asked for, cannot be freed.</summary>
    private static OnnxModel Fixed(bool fixedInput, bool mixes)
    {
        var graph = new OnnxGraphBuilder("fixed");
        graph.Input("image", OnnxElementType.Float32, fixedInput ? 1 : OnnxDim.Named("batch"), 3, 8, 8);
        graph.Constant("shape3", [3], [1L, 3, 64]);
        graph.Constant("shape2", [2], [1L, -1]);
        graph.Constant("mixing", [2], [192L, 1]);
        graph.Node("Relu", "relu", ["image"]);
        graph.Node("Reshape", "rows", ["relu", "shape3"]);
        graph.Node("Softmax", "soft", ["rows"], ("axis", 2));
        if (mixes)
        {
            graph.Node("Reshape", "parts", ["soft", "mixing"]);
            graph.Node("Softmax", "mixed", ["parts"], ("axis", 0));
        }

        graph.Node("Reshape", "flat", [mixes ? "mixed" : "soft", "shape2"]);
        graph.Output("flat", OnnxElementType.Float32, [1, 192]);
        return graph.Build("fixed.onnx");
    }

    private List<string> Photos(string label, int count)
    {
        var paths = Enumerable.Range(0, count).Select(i => _folder.File(label, $"{i}.png")).ToList();
        for (var i = 0; i < count; i++)
            File.WriteAllBytes(paths[i], TestImage.NoisyPng(12, 12, label == "red" ? ((byte)220, (byte)30, (byte)20) : ((byte)20, (byte)(40 * i), (byte)220), i));
        return paths;
    }
}
