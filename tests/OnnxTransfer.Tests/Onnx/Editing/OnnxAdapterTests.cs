using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Editing;

public sealed class OnnxAdapterTests
{
    /// <summary>Batch 1 throughout: an inner Reshape to [1,3,64], one to [1,-1], a head behind them.</summary>
    private static OnnxModel FixedBatch(Action<OnnxGraphBuilder>? end = null)
    {
        var graph = new OnnxGraphBuilder("fixed");
        graph.Input("image", OnnxElementType.Float32, 1, 3, 8, 8);
        graph.Constant("shape3", [3], [1L, 3, 64]);
        graph.Constant("shape2", [2], [1L, -1]);
        graph.Constant("w", [192, 4], Values.Random(1, 192, 4).Data);
        graph.Node("Relu", "relu", ["image"]);
        graph.Node("Reshape", "rows", ["relu", "shape3"]);
        graph.Node("Softmax", "soft", ["rows"], ("axis", 2));
        graph.Node("Reshape", "flat", ["soft", "shape2"]);
        if (end is not null) end(graph);
        else graph.Node("Gemm", "y", ["flat", "w"]);
        graph.Output("y", OnnxElementType.Float32, [1, 4]);
        return graph.Build("fixed.onnx");
    }

    [Fact]
    public void AFixedBatchIsFreed()
    {
        var image = Values.Random(3, 5, 3, 8, 8);
        var model = FixedBatch();
        var one = GraphRunner.Run(model, ("image", new Values(image.Data[..192], 1, 3, 8, 8)))["y"];

        OnnxAdapter.FreeBatch(model);

        Assert.Equal("[N,3,8,8]", model.Inputs[0].ShapeText);
        Assert.Equal("[N,4]", model.Outputs[0].ShapeText);
        var five = GraphRunner.Run(OnnxModel.Parse(model.ToBytes()), ("image", image))["y"];
        Assert.Equal([5L, 4L], five.Shape);
        new Values(five.Data[..4], 1, 4).AssertClose(one, 1e-6);
    }

    [Fact]
    public void AFreeBatchStaysAsItIs()
    {
        var model = SmallGraphs.Classifier();
        var before = model.ToBytes();

        OnnxAdapter.FreeBatch(model);

        Assert.Equal(before, model.ToBytes());
    }

    [Fact]
    public void ABatchThatANodeMixesIsRefusedAndTheModelLeftAlone()
    {
        var model = FixedBatch(graph =>
        {
            graph.Constant("shape1", [2], [48L, 4]);
            graph.Node("Reshape", "parts", ["flat", "shape1"]);
            graph.Node("Softmax", "y", ["parts"], ("axis", 0));
        });
        var before = model.ToBytes();

        var error = Assert.Throws<NotSupportedException>(() => OnnxAdapter.FreeBatch(model));

        Assert.Contains("Softmax 'y'", error.Message, StringComparison.Ordinal);
        Assert.Contains("mixes the images", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, model.ToBytes());
    }

    [Theory]
    [InlineData(3, "MeanVarianceNormalization")]
    [InlineData(null, "MeanVarianceNormalization")]
    [InlineData(3, "ReduceMean")]
    [InlineData(null, "ReduceMean")]
    public void ImagesThatANodeMixesAreNeverRunTogether(int? batch, string opType)
    {
        var graph = new OnnxGraphBuilder("mixes");
        graph.Input("image", OnnxElementType.Float32, batch ?? OnnxDim.Named("batch"), 3, 8, 8);
        graph.Node("Add", "normal", [graph.Node(opType, "mixed", ["image"], ("axes", new[] { 0, 2, 3 })), "image"]);
        graph.Output("normal", OnnxElementType.Float32, null);
        var model = graph.Build("mixes.onnx");
        var image = OnnxImageInput.Of(model);

        if (batch is not null)
        {
            Assert.Contains("computes across them", Assert.Throws<InvalidDataException>(() => OnnxAdapter.MakeBackbone(model, image)).Message, StringComparison.Ordinal);
            return;
        }

        Assert.Contains($"{opType} 'mixed'", OnnxAdapter.MakeBackbone(model, image), StringComparison.Ordinal);
        Assert.Equal("[1,3,8,8]", model.Inputs[0].ShapeText);
    }

    [Fact]
    public void ABatchPastDropoutWithAMaskIsFreed()
    {
        var model = FixedBatch(graph => graph.Node("Gemm", "y", [graph.Node("Dropout", "dropped", ["flat"]), "w"]));
        model.Graph.Node.First(node => node.OpType == "Dropout").Output.Add("mask");

        OnnxAdapter.FreeBatch(model);

        Assert.Equal("[N,4]", model.Outputs[0].ShapeText);
    }

    [Fact]
    public void AClassTokenOfOneImageIsRepeated()
    {
        var graph = new OnnxGraphBuilder("tokens");
        graph.Input("image", OnnxElementType.Float32, 1, 3, 8, 8);
        graph.Constant("rows", [3], [1L, 3, 64]);
        graph.Constant("token", [1, 1, 64], Values.Random(2, 64).Data);
        graph.Node("Reshape", "tokens", ["image", "rows"]);
        graph.Node("Concat", "all", ["token", "tokens"], ("axis", 1));
        graph.Output("all", OnnxElementType.Float32, [1, 4, 64]);
        var model = graph.Build("tokens.onnx");

        OnnxAdapter.FreeBatch(model);

        var image = Values.Random(3, 2, 3, 8, 8);
        var all = GraphRunner.Run(model, ("image", image))["all"];
        Assert.Equal([2L, 4L, 64L], all.Shape);
        for (var i = 0; i < 2; i++) Assert.Equal([.. model.Graph.Initializer.Where(t => t.Name == "token").SelectMany(OnnxTensorData.ReadFloats), .. image.Data[(i * 192)..((i + 1) * 192)]], all.Data[(i * 256)..((i + 1) * 256)]);
    }

    [Theory]
    [InlineData("float_data")]
    [InlineData("raw_data")]
    public void HalfPrecisionIsCastAtBothEnds(string storage)
    {
        var graph = new OnnxGraphBuilder("half");
        graph.Input("image", OnnxElementType.Float16, OnnxDim.Named("N"), 3, 2, 2);
        Half[] factors = [(Half)2, (Half)3, (Half)4];
        graph.Constant("c", OnnxElementType.Float16, [3, 1, 1], [.. factors.SelectMany(BitConverter.GetBytes)]);
        graph.Node("Mul", "y", ["image", "c"]);
        graph.Output("y", OnnxElementType.Float16, null);
        var model = graph.Build("half.onnx");
        if (storage == "float_data")
        {
            // 16-bit numbers that are not raw stand in the list of int32, as bit patterns.
            model.Graph.Initializer[0].ClearRawData();
            model.Graph.Initializer[0].Int32Data.AddRange(factors.Select(f => (int)BitConverter.HalfToUInt16Bits(f)));
        }

        OnnxAdapter.UseFloat32(model);

        Assert.Equal([2f, 3f, 4f], OnnxTensorData.ReadFloats(model.Graph.Initializer[0]));
        Assert.Equal(OnnxElementType.Float32, model.Inputs[0].ElementType);
        var image = Values.Random(4, 2, 3, 2, 2);
        var y = GraphRunner.Run(model, ("image", image))["y"];
        new Values([.. image.Data.Select((v, i) => v * (2 + (i / 4 % 3)))], 2, 3, 2, 2).AssertClose(y, 2e-3);
    }

    [Fact]
    public void ExternalDataIsReadFromBelowTheModelsFolder()
    {
        using var folder = new TempFolder();
        var model = SmallGraphs.Classifier();
        var expected = GraphRunner.Run(model, ("image", SmallGraphs.Image))["classes"];
        var path = MoveWeights(folder, model, "weights/data.bin");

        var loaded = OnnxModel.Load(path);

        Assert.Equal(expected.Data, GraphRunner.Run(loaded, ("image", SmallGraphs.Image))["classes"].Data);
    }

    [Theory]
    [InlineData("../outside.bin")]
    [InlineData("/etc/hostname")]
    [InlineData("")]
    [InlineData("da\0ta.bin")]
    public void ExternalDataElsewhereIsRefused(string location)
    {
        using var folder = new TempFolder();
        var path = MoveWeights(folder, SmallGraphs.Classifier(), "data.bin", location);

        Assert.Contains("below the model's own folder", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>A link beside the model, a folder that is a link, a link to a link: each leads to a file that the model may not choose.</summary>
    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("chain")]
    public void ExternalDataBehindALinkOutOfTheFolderIsRefused(string kind)
    {
        using var folder = new TempFolder();
        var inside = Directory.CreateDirectory(Path.Combine(folder.Path, "inside")).FullName;
        var path = MoveWeights(folder, SmallGraphs.Classifier(), "data.bin", kind == "folder" ? "linked/data.bin" : "linked");
        File.Move(path, path = Path.Combine(inside, "model.onnx"));
        switch (kind)
        {
            case "folder": Directory.CreateSymbolicLink(Path.Combine(inside, "linked"), folder.Path); break;
            case "file": File.CreateSymbolicLink(Path.Combine(inside, "linked"), folder.File("data.bin")); break;
            default:
                File.CreateSymbolicLink(Path.Combine(inside, "between"), folder.File("data.bin"));
                File.CreateSymbolicLink(Path.Combine(inside, "linked"), Path.Combine(inside, "between"));
                break;
        }

        Assert.Contains("below the model's own folder", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    /// <summary>The cache of the Hugging Face hub: both the model and its weights are links into one folder of contents.</summary>
    [Fact]
    public void ExternalDataBesideTheTargetOfALinkedModelIsRead()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "blobs"));
        var snapshot = Directory.CreateDirectory(Path.Combine(folder.Path, "snapshots", "main")).FullName;
        var path = MoveWeights(folder, SmallGraphs.Classifier(), "model.onnx_data");
        File.Move(path, folder.File("blobs", "1234"));
        File.Move(folder.File("model.onnx_data"), folder.File("blobs", "5678"));
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.onnx"), "../../blobs/1234");
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.onnx_data"), "../../blobs/5678");

        Assert.NotEmpty(OnnxModel.Load(Path.Combine(snapshot, "model.onnx")).Graph.Node);
    }

    [Fact]
    public void MissingAndShortExternalDataAreRefused()
    {
        using var folder = new TempFolder();
        var path = MoveWeights(folder, SmallGraphs.Classifier(), "data.bin");
        File.WriteAllBytes(folder.File("data.bin"), new byte[10]);
        Assert.Contains("past the end", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
        File.Delete(folder.File("data.bin"));
        Assert.Contains("that file does not exist", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    private static string MoveWeights(TempFolder folder, OnnxModel model, string file, string? location = null)
    {
        using var data = File.Create(folder.File(file));
        foreach (var tensor in model.Graph.Initializer)
        {
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location ?? file });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{data.Position}" });
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{tensor.RawData.Length}" });
            tensor.RawData.WriteTo(data);
            tensor.ClearRawData();
        }

        var path = folder.File("model.onnx");
        model.Save(path);
        return path;
    }
}
