using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelCardTests : IDisposable
{
    private const string Valid = """
        {
          "id": "x", "sha256": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "license": "MIT",
          "input": { "tensor": "in", "layout": "NCHW", "height": 224, "width": 224 },
          "features": { "tensor": "f", "dim": 8 },
          "classes": { "tensor": "out", "kind": "logits", "count": 10, "labels": null },
          "preprocess": {
            "resize": { "mode": "shortest-edge", "filter": "opencv-linear", "size": 256 },
            "crop": { "size": 224 }, "rescale": 0.5, "mean": [1, 2, 3], "std": [4, 5, 6], "channels": "BGR"
          }
        }
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryFieldIsRead()
    {
        var card = ModelCard.FromJson(Valid);
        Assert.Equal("x", card.Id);
        Assert.Equal(new string('a', 64), card.Sha256);
        Assert.Equal("MIT", card.License);
        Assert.Null(card.Source);
        Assert.Equal(new ModelInput("in", TensorLayout.Nchw, 224, 224), card.Input);
        Assert.Equal(new ModelFeatures("f", 8), card.Features);
        Assert.Equal(new ModelClasses("out", ScoreKind.Logits, 10, null), card.Classes);
        var spec = card.Preprocess;
        Assert.Equal((ResizeFilter.OpenCvLinear, Resize.ShortestEdge(256, 224)), (spec.Filter, spec.Resize));
        Assert.Equal((0.5, true), (spec.Rescale, spec.Bgr));
        Assert.Equal([1.0, 2, 3], spec.Mean);
        Assert.Equal([4.0, 5, 6], spec.Std);
    }

    [Theory]
    [InlineData("\"NCHW\"", "\"NHWC\"")]
    [InlineData("opencv-linear", "pillow-bilinear")]
    [InlineData("opencv-linear", "pillow-bicubic")]
    [InlineData("opencv-linear", "tf-bilinear")]
    [InlineData("opencv-linear", "nearest")]
    [InlineData("opencv-linear", "tf-nearest")]
    [InlineData("\"channels\": \"BGR\"", "\"channels\": \"BGR\", \"upsampling\": \"tf-nearest\"")]
    [InlineData("logits", "probabilities")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"average\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"max\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"none\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"cls\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"mean-tokens\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"cls+mean\"")]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"pooling\": \"cls4+mean\"")]
    [InlineData("BGR", "RGB")]
    [InlineData("opencv-linear", "pillow-nearest")]
    [InlineData("opencv-linear", "pillow-lanczos")]
    [InlineData("opencv-linear", "pillow-box")]
    [InlineData("opencv-linear", "pillow-hamming")]
    [InlineData("opencv-linear", "torch-bilinear")]
    [InlineData("\"mode\": \"shortest-edge\", \"filter\": \"opencv-linear\", \"size\": 256", "\"mode\": \"stretch\", \"filter\": \"nearest\", \"height\": 300, \"width\": 260")]
    [InlineData("\"license\": \"MIT\"", "\"source\": \"a ü 'b' + c\"")]
    public void WhatIsWrittenIsWhatWasRead(string find, string replacement)
    {
        var json = ModelCard.FromJson(Replace(find, replacement)).ToJson();
        Assert.Equal(json, ModelCard.FromJson(json).ToJson());
        foreach (var token in replacement.Split(", ")) Assert.Contains(token, json, StringComparison.Ordinal);
    }

    [Fact]
    public void ACropThatIsNoSquareHasHeightAndWidth()
    {
        var wide = Valid.Replace("\"height\": 224, \"width\": 224", "\"height\": 192, \"width\": 224", StringComparison.Ordinal)
            .Replace("{ \"size\": 224 }", "{ \"height\": 192, \"width\": 224 }", StringComparison.Ordinal);
        var card = ModelCard.FromJson(wide);
        Assert.Equal(Resize.ShortestEdge(256, new ImageSize(224, 192)), card.Preprocess.Resize);
        Assert.Equal(card, ModelCard.FromJson(card.ToJson()));
        var down = card with { Preprocess = card.Preprocess with { Resize = card.Preprocess.Resize with { CropRounding = CropRounding.Down } } };
        Assert.Contains("\"rounding\": \"down\"", down.ToJson(), StringComparison.Ordinal);
        Assert.Equal(down, ModelCard.FromJson(down.ToJson()));
        var stretched = card with { Preprocess = card.Preprocess with { Resize = Resize.Stretch(300, 200, new ImageSize(224, 192)) } };
        Assert.Equal(stretched, ModelCard.FromJson(stretched.ToJson()));
    }

    [Fact]
    public void APresetStandsForTheWholePreprocessing()
    {
        var json = Valid[..Valid.IndexOf("\"preprocess\"", StringComparison.Ordinal)] + """ "preprocess": { "preset": "torch", "upsampling": "tf-bilinear" } }""";
        var spec = ModelCard.FromJson(json).Preprocess;
        Assert.Equal((Resize.ShortestEdge(256, 224), ResizeFilter.TensorFlowBilinear), (spec.Resize, spec.Upsampling));
        Assert.Equal(PreprocessSpec.Torch().Mean, spec.Mean);

        Assert.Contains("must be one of torch", Refused("\"torch\"", "\"pytorch\""), StringComparison.Ordinal);
        Assert.Contains("no other field may stand beside it", Refused("\"torch\"", "\"torch\", \"rescale\": 1"), StringComparison.Ordinal);

        string Refused(string find, string replacement) =>
            Assert.Throws<InvalidModelException>(() => ModelCard.FromJson(json.Replace(find, replacement, StringComparison.Ordinal))).Message;
    }

    [SharedFact("models/mobilenet_v2_imagenet.model.json")]
    public void ExampleFileIsWrittenAsItStands()
    {
        var path = Repository.SharedPath("models", "mobilenet_v2_imagenet.model.json");
        Assert.Equal(File.ReadAllText(path).TrimEnd(), ModelCard.Load(path).ToJson().TrimEnd());
    }

    [Fact]
    public void SaveReplacesTheFileAndLeavesNothingElse()
    {
        var path = _folder.File("x.model.json");
        File.WriteAllText(path, "old");
        ModelCard.FromJson(Valid).Save(path);
        Assert.Equal(ModelCard.FromJson(Valid).ToJson(), ModelCard.Load(path).ToJson());
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void FailedSaveKeepsTheOldFileAndLeavesNothingElse()
    {
        var path = _folder.File("x.model.json");
        File.WriteAllText(path, "old");
        var broken = ModelCard.FromJson(Valid) with { Input = new ModelInput("in", TensorLayout.Nchw, 100, 100) };
        Assert.Throws<InvalidModelException>(() => broken.Save(path));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("\"id\": \"x\",", "", "'id'")]
    [InlineData("\"tensor\": \"in\", ", "", "'input.tensor'")]
    [InlineData("\"height\": 224, ", "", "'input.height'")]
    [InlineData(", \"dim\": 8", "", "'features.dim'")]
    [InlineData("\"features\": { \"tensor\": \"f\", \"dim\": 8 },", "", "'features'")]
    [InlineData("\"count\": 10, ", "", "'classes.count'")]
    [InlineData("\"mode\": \"shortest-edge\", ", "", "'preprocess.resize.mode'")]
    [InlineData("\"crop\": { \"size\": 224 }, ", "", "'preprocess.crop'")]
    [InlineData("\"rescale\": 0.5, ", "", "'preprocess.rescale'")]
    [InlineData("\"mean\": [1, 2, 3], ", "", "'preprocess.mean'")]
    [InlineData("\"NCHW\"", "\"CHW\"", "'input.layout' is 'CHW', but must be one of NCHW, NHWC")]
    [InlineData("opencv-linear", "bilinear", "pillow-bilinear")]
    [InlineData("\"BGR\"", "\"rgb\"", "RGB")]
    [InlineData("logits", "softmax", "probabilities")]
    [InlineData("[4, 5, 6]", "[4, 0, 6]", "'preprocess.std'")]
    [InlineData("[4, 5, 6]", "[4, 5]", "'preprocess.std'")]
    [InlineData("\"rescale\": 0.5", "\"rescale\": 0", "'preprocess.rescale'")]
    [InlineData("\"dim\": 8", "\"dim\": 0", "'features.dim'")]
    [InlineData("\"crop\": { \"size\": 224 }", "\"crop\": { \"size\": 300 }", "'preprocess.crop.size'")]
    [InlineData("\"height\": 224", "\"height\": 225", "224x225")]
    [InlineData("\"sha256\": \"AA", "\"sha256\": \"ZZ", "'sha256'")]
    [InlineData("\"size\": 256", "\"size\": 256, \"width\": 3", "'preprocess.resize.width'")]
    [InlineData("\"crop\":", "\"crops\":", "'preprocess.crops'")]
    [InlineData("\"crop\": { \"size\": 224 }", "\"crop\": { \"size\": 224, \"height\": 224 }", "'preprocess.crop.size'")]
    [InlineData("\"crop\": { \"size\": 224 }", "\"crop\": { \"height\": 224 }", "'preprocess.crop.width'")]
    [InlineData("\"crop\": { \"size\": 224 }", "\"crop\": { \"height\": 224, \"width\": 257 }", "'preprocess.crop.width'")]
    [InlineData("\"size\": 256", "\"size\": 20000", "'preprocess.resize.size'")]
    [InlineData("\"dim\": 8", "\"dim\": \"eight\"", "'features.dim'")]
    [InlineData("\"dim\": 8", "\"dim\": ", "not valid JSON")]
    public void WrongCardIsRefusedByFileAndField(string find, string replacement, string wanted)
    {
        var path = _folder.File("wrong.model.json");
        File.WriteAllText(path, Replace(find, replacement));
        var error = Assert.Throws<InvalidModelException>(() => ModelCard.Load(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(wanted, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryErrorOfACardIsInOneMessage()
    {
        var path = _folder.File("wrong.model.json");
        var text = Valid;
        foreach (var (find, replacement) in (ReadOnlySpan<(string, string)>)
            [("\"id\": \"x\",", ""), ("\"dim\": 8", "\"dim\": \"eight\""), ("\"NCHW\"", "\"CHW\""), ("[4, 5, 6]", "[4, 0, 6]"), ("\"crop\":", "\"crops\":"), ("\"count\": 10", "\"count\": -1")])
        {
            text = text.Replace(find, replacement, StringComparison.Ordinal);
        }

        File.WriteAllText(path, text);
        var message = Assert.Throws<InvalidModelException>(() => ModelCard.Load(path)).Message;
        Assert.StartsWith($"{path}: 7 fields are wrong.", message, StringComparison.Ordinal);
        foreach (var wanted in (ReadOnlySpan<string>)
            [
                "the field 'id' is missing", "line 4: the field 'features.dim' must be a whole number, but is \"eight\"", "line 3: the field 'input.layout' is 'CHW'",
                "line 8: the field 'preprocess.std' must be three numbers other than zero", "line 8: the field 'preprocess.crops' does not exist in this format, which has crop, ",
                "the field 'preprocess.crop' is missing or null", "line 5: the field 'classes.count' must be greater than zero, but is -1",
            ])
        {
            Assert.Contains(wanted, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\"dim\": 8", "\"dim\": 8, \"dim\": 9", "'features.dim' occurs twice")]
    [InlineData("[1, 2, 3]", "[1, \"2\", 3]", "'preprocess.mean[1]' must be a number, but is \"2\"")]
    [InlineData("[1, 2, 3]", "3", "'preprocess.mean' must be a list, but is 3")]
    [InlineData("{ \"tensor\": \"f\", \"dim\": 8 }", "7", "'features' must be an object, but is 7")]
    [InlineData("\"dim\": 8", "\"dim\": 8.5", "'features.dim' must be a whole number, but is 8.5")]
    [InlineData("\"size\": 224 }", "\"size\": 224, \"rounding\": \"up\" }", "'preprocess.crop.rounding' is 'up', but must be one of")]
    public void WrongTypesAreSaid(string find, string replacement, string wanted) =>
        Assert.Contains(wanted, Assert.Throws<InvalidModelException>(() => ModelCard.FromJson(Replace(find, replacement))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    public void WhatIsNoObjectIsRefused(string json) =>
        Assert.Contains("the metadata", Assert.Throws<InvalidModelException>(() => ModelCard.FromJson(json, "the metadata")).Message, StringComparison.Ordinal);

    [Fact]
    public void MissingFileIsNamed()
    {
        var path = Path.Combine(_folder.Path, "none.model.json");
        Assert.Contains(path, Assert.Throws<ModelNotFoundException>(() => ModelCard.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CardIsBesideItsModel() => Assert.Equal("a/squeezenet1.1.model.json", ModelCard.PathFor("a/squeezenet1.1.onnx"));

    private static string Replace(string find, string replacement)
    {
        Assert.Contains(find, Valid, StringComparison.Ordinal);
        return Valid.Replace(find, replacement, StringComparison.Ordinal);
    }
}
