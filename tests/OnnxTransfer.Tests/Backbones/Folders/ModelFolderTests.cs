using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones.Folders;

public sealed class ModelFolderTests : IDisposable
{
    private static readonly FeatureExtractorOptions OnCpu = new() { Provider = ExecutionProvider.Cpu };
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("onnx/model.onnx")]
    [InlineData("vision_model.onnx")]
    [InlineData("onnx/model_fp32.onnx")]
    public void AFolderOfHuggingFaceNeedsNoCard(string file)
    {
        var folder = Folder(file);
        using var byFolder = FeatureExtractor.Load(folder, OnCpu);
        Assert.Equal(("exported", FolderNetwork.Dim, PreprocessSpec.Vit(16)), (byFolder.Model.Id, byFolder.Dim, byFolder.Model.Preprocess));
        Assert.Empty(byFolder.Model.Warnings);
        using var byFile = FeatureExtractor.Load(Path.Combine(folder, file), OnCpu);
        var photo = TestImage.NoisyPng(33, 21, (200, 100, 50), 1);
        Assert.Equal(byFolder.Embed(photo), byFile.Embed(photo));
        using var classifier = ImageClassifier.FromBackbone(folder, OnCpu);
        Assert.Equal(["ant", "bee", "cat"], classifier.Labels);
    }

    [Fact]
    public void APresetAndAPreprocessingAreNotChosenBetween()
    {
        var error = Assert.Throws<ArgumentException>(() => FeatureExtractor.Load("no-such.onnx", new FeatureExtractorOptions { Preset = "torch", Preprocess = PreprocessSpec.Torch(224) }));
        Assert.Equal("Preprocess and Preset exclude each other: leave one out.", error.Message);
    }

    [Fact]
    public async Task AFolderTrainsSavesAndReloadsToTheSameNumbers()
    {
        var photos = Enumerable.Range(0, 12).Select(i => new LabeledImage(
            ImageInput.FromBytes(TestImage.NoisyPng(40 + i, 35, i % 2 == 0 ? ((byte)200, (byte)40, (byte)40) : ((byte)40, (byte)40, (byte)200), i)), i % 2 == 0 ? "red" : "blue")).ToList();
        using var extractor = await FeatureExtractor.LoadAsync(Folder("onnx/model.onnx"), OnCpu);
        var result = await ImageClassifier.TrainAsync(extractor, ImageDataset.FromItems(photos), new TrainingPlan { Epochs = 3, Split = new SplitPercentages(50, 25, 25) });
        using var classifier = result.Classifier;
        var path = _folder.File("saved.onnx");
        classifier.Save(path);
        using var reloaded = ImageClassifier.Load(path, OnCpu);
        foreach (var photo in photos) Assert.Equal(classifier.Predict(photo.Image).Probabilities, reloaded.Predict(photo.Image).Probabilities);
    }

    [Fact]
    public void OpenAxesGetTheSizeOfTheProcessor()
    {
        using var extractor = FeatureExtractor.Load(Folder("model.onnx", height: null, width: null, side: 24), OnCpu);
        Assert.Equal((24, 24), (extractor.Model.Height, extractor.Model.Width));
    }

    [Fact]
    public void AnotherSizeThanTheGraphTakesIsRefusedWithBoth()
    {
        var error = Assert.Throws<ModelException>(() => FeatureExtractor.Load(Folder("model.onnx", side: 24), OnCpu));
        Assert.Contains("takes images of 16 x 16 pixels", error.Message, StringComparison.Ordinal);
        Assert.Contains("preprocessor_config.json' makes 24 x 24", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AProcessorMayBeInsideAnotherFile()
    {
        var folder = Folder("model.onnx");
        File.Delete(Path.Combine(folder, "preprocessor_config.json"));
        File.WriteAllText(Path.Combine(folder, "processor_config.json"), $$"""{"processor_class":"X","image_processor":{{FolderNetwork.Processor(16)}}}""");
        using var extractor = FeatureExtractor.Load(folder, OnCpu);
        Assert.Equal(PreprocessSpec.Vit(16), extractor.Model.Preprocess);
    }

    [Fact]
    public void ACardComesBeforeTheConfiguration()
    {
        var folder = Folder("model.onnx");
        File.WriteAllText(Path.Combine(folder, "model.model.json"), """{ "id": "mine", "preprocess": { "preset": "torch" } }""");
        using var extractor = FeatureExtractor.Load(folder, OnCpu);
        Assert.Equal(("mine", PreprocessSpec.Torch(16)), (extractor.Model.Id, extractor.Model.Preprocess));
    }

    [Fact]
    public void AFolderOfTimmNeedsNoCard()
    {
        var folder = Timm("""{"input_size":[3,16,16],"crop_pct":0.9,"interpolation":"bicubic","mean":[0.5,0.5,0.5],"std":[0.5,0.5,0.5],"license":"apache-2.0"}""", """["ant","bee","cat"]""");
        using var classifier = ImageClassifier.FromBackbone(folder, OnCpu);
        Assert.Equal(["ant", "bee", "cat"], classifier.Labels);
        using var extractor = FeatureExtractor.Load(folder, OnCpu);
        Assert.Equal((Resize.ShortestEdge(17, 16), "apache-2.0"), (extractor.Model.Preprocess.Resize, extractor.Model.License));
    }

    [Theory]
    [InlineData("[3,16,16]", "[3,24,24]", 17, "16x16 is used here")]
    [InlineData("[3,12,12]", "[3,16,16]", 16, "takes 16x16, so that is used here")]
    public void OfTwoSizesOfTimmTheOneThatTheGraphTakesIsUsed(string size, string testSize, int edge, string warning)
    {
        using var extractor = FeatureExtractor.Load(Timm($$"""{"input_size":{{size}},"test_input_size":{{testSize}},"crop_pct":0.9,"test_crop_pct":1.0}"""), OnCpu);
        Assert.Equal(Resize.ShortestEdge(edge, 16), extractor.Model.Preprocess.Resize);
        Assert.Contains(warning, Assert.Single(extractor.Model.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id2label":{"0":"LABEL_0","1":"LABEL_1","2":"LABEL_2"}}""", "class 0, class 1, class 2", 0)]
    [InlineData("""{"id2label":{"0":"crane","1":"bee","2":"crane"}}""", "crane (0), bee, crane (2)", 0)]
    [InlineData("""{"id2label":{"0":"ant","2":"bee","3":"cat"}}""", "class 0, class 1, class 2", 1)]
    [InlineData("""{"id2label":{"0":"ant","1":"bee"}}""", "class 0, class 1, class 2", 1)]
    [InlineData("""{"id2label":{"10":"k","9":"j","8":"i","7":"h","6":"g","5":"f","4":"e","3":"d","2":"c","1":"b","0":"a"}}""", "class 0, class 1, class 2", 1)]
    public void NamesOfClassesAreUsedWhereTheyFit(string config, string labels, int warnings)
    {
        var folder = Folder("model.onnx", config: config);
        using var classifier = ImageClassifier.FromBackbone(folder, OnCpu);
        Assert.Equal(labels, string.Join(", ", classifier.Labels));
        using var extractor = FeatureExtractor.Load(folder, OnCpu);
        Assert.Equal(warnings, extractor.Model.Warnings.Count);
    }

    [Fact]
    public void SeveralFilesWithoutAUsualNameAreListed()
    {
        var folder = Folder("onnx/model_fp16.onnx");
        FolderNetwork.Write(Path.Combine(folder, "onnx", "model_q4.onnx"));
        var error = Assert.Throws<ModelNotFoundException>(() => FeatureExtractor.Load(folder, OnCpu));
        Assert.Contains("model_fp16.onnx", error.Message, StringComparison.Ordinal);
        Assert.Contains("model_q4.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutAPreprocessingSaysWhatHelps()
    {
        var folder = Folder("model.onnx");
        File.Delete(Path.Combine(folder, "preprocessor_config.json"));
        var error = Assert.Throws<ModelException>(() => FeatureExtractor.Load(folder, OnCpu));
        Assert.Contains("--preprocess NAME", error.Message, StringComparison.Ordinal);
        using var extractor = FeatureExtractor.Load(folder, OnCpu with { Preset = "clip" });
        Assert.Equal(PreprocessSpec.Clip(16), extractor.Model.Preprocess);
    }

    [Theory]
    [InlineData(16, 16, "torch", 16)]
    [InlineData(null, null, "torch", 224)]
    [InlineData(null, null, "torch@32", 32)]
    public void APresetTakesTheSizeOfTheGraphOrItsOwn(int? height, int? width, string preset, int side)
    {
        var path = _folder.File("plain.onnx");
        FolderNetwork.Write(path, height, width);
        using var extractor = FeatureExtractor.Load(path, OnCpu with { Preset = preset });
        Assert.Equal(PreprocessSpec.Torch(side), extractor.Model.Preprocess);
    }

    [Theory]
    [InlineData("clipp")]
    [InlineData("clip@0")]
    [InlineData("clip@x")]
    [InlineData("")]
    public void APresetThatDoesNotExistIsRefusedWhereItIsSet(string preset) => Assert.ThrowsAny<ArgumentException>(() => OnCpu with { Preset = preset });

    [Fact]
    public void APresetOfAnotherSizeThanTheGraphTakesIsRefused()
    {
        var path = _folder.File("plain.onnx");
        FolderNetwork.Write(path);
        Assert.Contains("makes 32 x 32", Assert.Throws<ModelException>(() => FeatureExtractor.Load(path, OnCpu with { Preset = "torch@32" })).Message, StringComparison.Ordinal);
        FolderNetwork.Write(path, 16, 24);
        Assert.Contains("square", Assert.Throws<InvalidModelException>(() => FeatureExtractor.Load(path, OnCpu with { Preset = "torch" })).Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever of a card the graph tells may be left out.</summary>
    [Theory]
    [InlineData("""{ "preprocess": { "preset": "vit" } }""")]
    [InlineData("""{ "input": { "height": 16, "width": 16 }, "preprocess": { "preset": "vit" } }""")]
    [InlineData("""{ "input": { "tensor": "pixel_values" }, "features": { "tensor": "vector" }, "preprocess": { "preset": "vit" } }""")]
    [InlineData("""{ "id": "x", "features": { "tensor": "vector" }, "classes": { "labels": "names.txt" }, "preprocess": { "preset": "vit" } }""")]
    [InlineData("""{ "features": { "dim": 10 }, "classes": { "tensor": "logits", "kind": "logits" }, "preprocess": { "preset": "vit" } }""")]
    public void ACardMayLeaveOutWhatTheGraphTells(string json)
    {
        var path = _folder.File("partial.onnx");
        FolderNetwork.Write(path);
        File.WriteAllText(_folder.File("partial.model.json"), json);
        File.WriteAllText(_folder.File("names.txt"), "one\ntwo\nthree\n");
        using var extractor = FeatureExtractor.Load(path, OnCpu);
        var card = extractor.Card;
        Assert.Equal(new ModelInput("pixel_values", TensorLayout.Nchw, 16, 16), card.Input);
        Assert.Equal(("vector", FolderNetwork.Dim), (card.Features.Tensor, card.Features.Dim));
        Assert.Equal(PreprocessSpec.Vit(16), card.Preprocess);
        // A whole card gives the same numbers.
        card.Save(_folder.File("partial.model.json"));
        using var whole = FeatureExtractor.Load(path, OnCpu);
        var photo = TestImage.NoisyPng(33, 21, (200, 100, 50), 1);
        Assert.Equal(extractor.Embed(photo), whole.Embed(photo));
        Assert.Equal(FolderNetwork.Dim, ModelFile.Open(path).Info!.Dim);
    }

    [Fact]
    public void ACardIsWrittenFromWhatIsKnown()
    {
        var folder = Folder("onnx/model.onnx");
        var info = ModelFile.Open(folder).WriteCard();
        Assert.Equal((FolderNetwork.Dim, FolderNetwork.Classes), (info.Dim, info.ClassCount));
        var card = ModelCard.Load(Path.Combine(folder, "onnx", "model.model.json"));
        Assert.Equal(("exported", PreprocessSpec.Vit(16), "model.labels.txt"), (card.Id, card.Preprocess, card.Classes!.Labels));
        using var classifier = ImageClassifier.FromBackbone(folder, OnCpu);
        Assert.Equal(["ant", "bee", "cat"], classifier.Labels);

        var names = _folder.File("own.txt");
        File.WriteAllText(names, "x\ny\nz\n");
        ModelFile.Open(folder).WriteCard("clip", names);
        using var own = ImageClassifier.FromBackbone(folder, OnCpu);
        Assert.Equal(["x", "y", "z"], own.Labels);
        Assert.Equal(PreprocessSpec.Clip(16), ModelCard.Load(Path.Combine(folder, "onnx", "model.model.json")).Preprocess);

        File.WriteAllText(names, "x\ny\n");
        Assert.Contains("2", Assert.Throws<InvalidModelException>(() => ModelFile.Open(folder).WriteCard("clip", names)).Message, StringComparison.Ordinal);
    }

    [SharedFact("cases/models/vit_hf/model.onnx")]
    public void TheSharedFolderTellsItsPreprocessing()
    {
        var resolved = BackboneResolver.ResolveAsync(Repository.SharedPath("cases", "models", "vit_hf")).GetAwaiter().GetResult();
        Assert.Equal("vit_hf", resolved.Facts.Id);
        Assert.Equal(PreprocessSpec.Vit(224), resolved.Facts.Preprocess!.Spec);
        Assert.Empty(resolved.Facts.Warnings);
    }

    private string Folder(string file, int? height = 16, int? width = 16, int side = 16, string? config = null)
    {
        var folder = Path.Combine(_folder.Path, "exported");
        FolderNetwork.Write(Path.Combine(folder, file), height, width);
        File.WriteAllText(Path.Combine(folder, "config.json"), config ?? FolderNetwork.Config);
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), FolderNetwork.Processor(side));
        return folder;
    }

    private string Timm(string pretrained, string labels = "null")
    {
        var folder = Path.Combine(_folder.Path, "timm");
        FolderNetwork.Write(Path.Combine(folder, "model.onnx"));
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{"architecture":"x","num_classes":3,"label_names":{{labels}},"pretrained_cfg":{{pretrained}}}""");
        return folder;
    }
}
