using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Schema;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ClassNamesTests : IDisposable
{
    private static readonly string[] s_withClasses = [.. new ModelStore().Catalog.Where(model => model.ClassCount > 0).Select(model => model.Id)];

    private readonly TempFolder _folder = new();

    public static TheoryData<string> WithClasses => [.. s_withClasses];

    public void Dispose() => _folder.Dispose();

    /// <summary>Every entry with classes has their names, and in ImageNet's order: four that everybody checks, the first and the last.</summary>
    [Theory]
    [MemberData(nameof(WithClasses))]
    public void Every_network_of_the_catalog_names_its_classes(string id)
    {
        Assert.True(ModelCatalog.Default.TryFind(id, out var entry));
        Assert.Equal(1000, entry.Card.Classes!.Count);
        // As it is read again from the store, where nothing but the file and this card lies.
        var card = ModelCard.FromJson(entry.Card.ToJson());
        var names = ClassNames.Of(card, _folder.File($"{id}.onnx"));
        Assert.Equal(1000, names.Count);
        Assert.Equal(
            ["tench, Tinca tinca", "macaw", "tabby, tabby cat", "Egyptian cat", "military uniform", "toilet tissue, toilet paper, bathroom tissue"],
            new[] { 0, 88, 281, 285, 652, 999 }.Select(index => names[index]));
        Assert.DoesNotContain(names, name => name.Contains("class ", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_network_of_a_thousand_classes_is_among_them() =>
        Assert.Equal(new ModelStore().Catalog.Where(model => model.Id is not ("resnet18" or "clip-vit-b32" or "dinov2-small" or "siglip-vit-b16")).Select(model => model.Id), s_withClasses);

    /// <summary>TensorFlow's networks have a class before the thousand; so has the shared one, whose own file of names gives the same.</summary>
    [SharedFact("models/imagenet_labels.txt")]
    public void A_network_of_1001_classes_has_background_first()
    {
        var path = Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx");
        var card = ModelCard.Load(ModelCard.PathFor(path));
        var carried = ClassNames.Of(card with { Classes = card.Classes! with { Labels = ClassNames.ImageNet } }, path);
        var theirs = ClassNames.Of(card, path);
        Assert.Equal("background", carried[0]);
        // One name is spelled otherwise.
        Assert.Equal(("jelly fish", "jellyfish"), (carried[108], theirs[108]));
        Assert.Equal(theirs.Where((_, i) => i != 108), carried.Where((_, i) => i != 108));
    }

    /// <summary>The order of the names is the order in which a network answers.</summary>
    [SharedTheory("models/mobilenet_v2_imagenet.onnx")]
    [InlineData("grace_hopper.bmp", "military uniform")]
    [InlineData("cat_720p.jpg", "Egyptian cat")]
    [InlineData("parrot.jpg", "macaw")]
    public async Task A_real_network_sees_what_is_in_real_photos(string photo, string name)
    {
        var original = Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx");
        var path = _folder.File("renamed.onnx");
        File.Copy(original, path);
        var card = ModelCard.Load(ModelCard.PathFor(original));
        (card with { Classes = card.Classes! with { Labels = ClassNames.ImageNet } }).Save(ModelCard.PathFor(path));
        using var classifier = await ImageClassifier.FromBackboneAsync(path, new() { Provider = ExecutionProvider.Cpu });
        Assert.Equal(name, classifier.Predict(Repository.SharedPath("data", photo)).Label);
    }

    /// <summary>The whole way without a network: a file of a thousand classes, beside the application or in the store.</summary>
    [Fact]
    public async Task A_classifier_without_training_answers_in_names()
    {
        var graph = new OnnxGraphBuilder("thousand");
        graph.Input("image", OnnxElementType.Float32, OnnxDim.Named("N"), 3, 8, 8);
        graph.Constant("w", [1000, 3, 1, 1], Values.Random(1, 3000).Data);
        graph.Node("Conv", "conv", ["image", "w"]);
        graph.Node("GlobalAveragePool", "pooled", ["conv"]);
        graph.Node("Flatten", "logits", ["pooled"]);
        graph.Output("logits", OnnxElementType.Float32, null);
        var path = _folder.File("beside", "thousand.onnx");
        graph.Build("thousand").Save(path);
        var card = new ModelCard
        {
            Id = "thousand",
            Input = new ModelInput("image", TensorLayout.Nchw, 8, 8),
            Features = new ModelFeatures("pooled", 1000),
            Classes = new ModelClasses("logits", ScoreKind.Logits, 1000, ClassNames.ImageNet),
            Preprocess = new PreprocessSpec { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(8, 8) },
        };
        card.Save(ModelCard.PathFor(path));
        var store = new ModelStore { Folder = _folder.File("store"), IsOffline = true, Application = new ApplicationModels(_folder.File("beside")) };
        using var classifier = await ImageClassifier.FromBackboneAsync("thousand", new() { Provider = ExecutionProvider.Cpu, Store = store });
        Assert.Equal("Egyptian cat", classifier.Labels[285]);
        Assert.Contains(classifier.Predict((ReadOnlySpan<byte>)TestImage.NoisyPng(8, 8, (1, 2, 3), 1)).Label, classifier.Labels);
    }

    /// <summary>A card may come from anywhere: what it names outside of the model's folder is not read.</summary>
    [UnixFact]
    public void A_file_elsewhere_does_not_name_classes()
    {
        var path = _folder.File("model", "x.onnx");
        File.WriteAllText(_folder.File("secret.txt"), "cat\ndog\n");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(path)!, "link.txt"), _folder.File("secret.txt"));
        foreach (var labels in (string[])["../secret.txt", _folder.File("secret.txt"), "link.txt", "na\0mes.txt"])
        {
            var error = Assert.Throws<InvalidModelException>(() => ClassNames.Of(Card(2, labels), path));
            Assert.Contains($"'{labels}', which is not in the model's folder", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_beside_the_model_names_its_classes_and_a_wrong_name_says_what_there_is()
    {
        var path = _folder.File("x.onnx");
        File.WriteAllText(_folder.File("names.txt"), "cat\ndog\n");
        Assert.Equal(["cat", "dog"], ClassNames.Of(Card(2, "names.txt"), path));
        Assert.Empty(ClassNames.Of(Card(2, null), path));
        Assert.Contains("imagenet-1k", Assert.Throws<InvalidDataException>(() => ClassNames.Of(Card(2, "imagenet"), path)).Message, StringComparison.Ordinal);
        var error = Assert.Throws<InvalidDataException>(() => ClassNames.Of(Card(21, ClassNames.ImageNet), path));
        Assert.Contains("The list 'imagenet-1k' has 1000 labels, but the network has 21 classes", error.Message, StringComparison.Ordinal);
    }

    private static ModelCard Card(int count, string? labels) => TestCards.Card with { Classes = new ModelClasses("scores", ScoreKind.Logits, count, labels) };
}
