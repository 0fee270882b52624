using Google.Protobuf;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.Onnx.Weights;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Onnx.Schema;

public sealed class OnnxModelTests
{
    [Fact]
    public void FieldsOutsideTheSubsetSurviveARoundTrip()
    {
        // Model, graph and node each get a field that the subset does not name, as a newer writer would.
        var model = SmallGraphs.Classifier();
        var node = Join(model.Graph.Node[0].ToByteArray(), Field(9, "node metadata"));
        var graph = Join(new GraphProto { Name = "g", Output = { model.Graph.Output } }.ToByteArray(), Field(1, node), Field(14, "quantization"));
        var bytes = Join(new ModelProto { IrVersion = 10, OpsetImport = { model.Proto.OpsetImport } }.ToByteArray(), Field(7, graph), Field(20, "training"));

        var written = OnnxModel.Parse(OnnxModel.Parse(bytes).ToBytes()).ToBytes();

        foreach (var text in new[] { "node metadata", "quantization", "training" })
            Assert.True(written.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0, text);
    }

    [Fact]
    public void ACopyHasAllFieldsAndSharesTheConstants()
    {
        var model = SmallGraphs.Classifier();
        model.Proto.MergeFrom(Join(
            new ModelProto { IrVersion = 9, ProducerName = "p", ProducerVersion = "v", Domain = "d", ModelVersion = 3, DocString = "doc", Functions = { new FunctionProto { Name = "f" } } }.ToByteArray(),
            Field(7, Join(new GraphProto { Name = "g", DocString = "graph" }.ToByteArray(), Field(14, "quantization"))), Field(20, "training")));
        model.SetMetadata("key", "value");

        var copy = model.Clone();

        Assert.Equal(model.ToBytes(), copy.ToBytes());
        Assert.Equal(model.Proto, copy.Proto);
        Assert.NotEmpty(copy.Graph.Initializer);
        Assert.All(copy.Graph.Initializer.Zip(model.Graph.Initializer), pair => Assert.Same(pair.First, pair.Second));
    }

    /// <summary>Whatever edits constants puts others in their place: a copy that is edited leaves the original as it was.</summary>
    [Fact]
    public void EditingACopyLeavesTheOriginalAsItWas()
    {
        using var folder = new TempFolder();
        var model = SmallGraphs.Classifier();
        // Some as a list of numbers, as other programs write them.
        model.Graph.EditConstants(tensor => tensor.DataType == (int)OnnxElementType.Float32 && tensor.Dims.Count == 1, tensor =>
        {
            tensor.FloatData.AddRange(OnnxTensorData.ReadFloats(tensor));
            tensor.ClearRawData();
        });
        Assert.Contains(model.Graph.Initializer, tensor => tensor.FloatData.Count > 0);
        var before = model.ToBytes();
        var name = model.Graph.Initializer[0].Name;

        OnnxGraphEditor.Rename(model.Clone(), name, "renamed");
        OnnxHalf.Convert(model.Clone());
        var other = model.Clone();
        foreach (var tensor in other.Graph.Initializer.Where(t => t.DataType == (int)OnnxElementType.Float32).ToList())
            other.Graph.EditConstants(t => t.Name == tensor.Name, t => OnnxWeights.Put(t, new float[OnnxTensorData.ReadFloats(tensor).Length]));
        other.Save(folder.File("zero.onnx"));
        Assert.NotEmpty(OnnxWeights.Replace(model.Clone(), folder.File("zero.onnx")).Matched);
        OnnxGraphEditor.Cut(model.Clone(), [OnnxGraphEditor.ComputedTensors(model).First()]);
        _ = model.ComputationHash();

        Assert.Equal(before, model.ToBytes());
    }

    [Fact]
    public void AnExplicitZeroIsNotTheSameAsNothing()
    {
        var model = SmallGraphs.Classifier();
        model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "zero", I = 0 });
        model.Graph.Node[0].Attribute.Add(new AttributeProto { Name = "nothing" });

        var read = OnnxModel.Parse(model.ToBytes()).Graph.Node[0].Attribute;

        Assert.True(read.Single(a => a.Name == "zero").HasI);
        Assert.False(read.Single(a => a.Name == "nothing").HasI);
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public void ARealFileIsWrittenBackAsItWas()
    {
        var bytes = File.ReadAllBytes(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));

        Assert.True(bytes.AsSpan().SequenceEqual(OnnxModel.Parse(bytes).ToBytes()));
    }

    [Fact]
    public void ReadsInputsOutputsOpsetAndProducer()
    {
        var model = OnnxModel.Parse(SmallGraphs.Classifier().ToBytes());

        var input = Assert.Single(model.Inputs);
        Assert.Equal(("image", OnnxElementType.Float32, "[N,3,8,8]"), (input.Name, input.ElementType, input.ShapeText));
        Assert.Equal("[N,5]", Assert.Single(model.Outputs).ShapeText);
        Assert.Equal(17, model.Opset);
        Assert.Equal("OnnxTransfer", model.Producer);
    }

    [Fact]
    public void InitializersListedAsInputsAreNotInputs()
    {
        var model = SmallGraphs.Classifier();
        foreach (var initializer in model.Graph.Initializer)
            model.Graph.Input.Add(new OnnxValue(initializer.Name, OnnxElementType.Float32, null).ToProto());

        Assert.Equal("image", Assert.Single(model.Inputs).Name);
    }

    [Fact]
    public void MetadataIsKeptInOrderOfItsKeysWhateverTheOrderOfWriting()
    {
        var (one, other) = (SmallGraphs.Classifier(), SmallGraphs.Classifier());
        one.SetMetadata("labels", "a,b");
        one.SetMetadata("Author", "x");
        other.SetMetadata("gone", "x");
        other.SetMetadata("Author", "x");
        other.SetMetadata("labels", "old");
        other.SetMetadata("labels", "a,b");
        other.SetMetadata("gone", null);

        Assert.Equal(one.ToBytes(), other.ToBytes());
        Assert.Equal(["Author", "labels"], OnnxModel.Parse(one.ToBytes()).Metadata.Keys);
    }

    [Fact]
    public void SavingReplacesTheFileAndLeavesNothingElse()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, "old");

        SmallGraphs.Classifier().Save(path);

        Assert.Equal([path], Directory.GetFiles(folder.Path));
        Assert.Equal(SmallGraphs.Classifier().ToBytes(), OnnxModel.Load(path).ToBytes());
    }

    [Fact]
    public void AFailedSaveLeavesNothingBehind()
    {
        using var folder = new TempFolder();
        var path = folder.File("taken");
        Directory.CreateDirectory(path);

        Assert.ThrowsAny<Exception>(() => SmallGraphs.Classifier().Save(path));

        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void AClonedModelIsIndependent()
    {
        var model = SmallGraphs.Classifier();
        var before = model.ToBytes();

        OnnxGraphEditor.Cut(model.Clone(), "relu");

        Assert.Equal(before, model.ToBytes());
    }

    [Fact]
    public void AMissingFileIsNamed() =>
        Assert.Contains("nowhere.onnx", Assert.Throws<FileNotFoundException>(() => OnnxModel.Load("nowhere.onnx")).Message, StringComparison.Ordinal);

    [Fact]
    public void ATruncatedFileIsRefusedWithItsName()
    {
        using var folder = new TempFolder();
        var path = folder.File("cut.onnx");
        var bytes = SmallGraphs.Classifier().ToBytes();
        File.WriteAllBytes(path, bytes[..^20]);

        Assert.Contains("cut.onnx", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("This is a text, not a model.")]
    [InlineData("<html><body>404 Not Found</body></html>")]
    public void SomethingElseIsRefused(string text) =>
        Assert.Throws<InvalidDataException>(() => OnnxModel.Parse(System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void TheHashOfTheComputationKnowsWeightsOperatorsAndVersionsAndNothingElse()
    {
        var hash = SmallGraphs.Classifier().ComputationHash();
        Assert.Equal(hash, Changed(model => model.SetMetadata("note", "text")));
        Assert.Equal(hash, Changed(model => model.Proto.ProducerName = "another"));
        Assert.Equal(hash, Changed(model => model.Graph.Name = "another"));
        Assert.NotEqual(hash, Changed(model => model.Graph.Initializer[0].FloatData.Add(1)));
        Assert.NotEqual(hash, Changed(model => model.Graph.Node[1].OpType = "Relu6"));
        Assert.NotEqual(hash, Changed(model => model.Graph.Node[0].Attribute.RemoveAt(0)));
        Assert.NotEqual(hash, Changed(model => model.Proto.OpsetImport[0].Version++));

        static byte[] Changed(Action<OnnxModel> change)
        {
            var model = SmallGraphs.Classifier();
            change(model);
            return model.ComputationHash();
        }
    }

    [Fact]
    public void AFileOverTwoGigabytesIsRefusedWithoutReadingIt()
    {
        using var folder = new TempFolder();
        var path = folder.File("huge.onnx");
        using (var stream = File.Create(path)) stream.SetLength((1L << 31) + 1);

        Assert.Contains("2 GB", Assert.Throws<InvalidDataException>(() => OnnxModel.Load(path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Field(int number, string text) => Field(number, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return stream.ToArray();
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(p => p)];
}
