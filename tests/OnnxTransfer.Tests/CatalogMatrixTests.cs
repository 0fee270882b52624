using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests;

/// <summary>
/// What holds for the file of every catalog entry; resnet18 and those that are in this account's model store are opened, and the
/// network of the folder 'shared'. What a card must have, whether its file is here or not, stands in ModelCatalogTests.
/// </summary>
public sealed class CatalogMatrixTests
{
    private static readonly ModelStore s_store = new() { IsOffline = true };

    private static readonly string[] s_present =
    [
        .. s_store.Catalog.Select(model => model.Id).Where(s_store.Contains),
        .. new[] { Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx") }.Where(File.Exists),
    ];

    public static TheoryData<string> Present => [.. s_present];

    [Theory]
    [MemberData(nameof(Present))]
    public async Task Tensors_exist_the_dimension_is_right_and_batches_agree(string model)
    {
        var file = ModelFile.Open(model, s_store);
        using var folder = new TempFolder();
        var paths = Enumerable.Range(0, 5).Select(i => folder.File($"{i}.png")).ToList();
        for (var i = 0; i < 5; i++) File.WriteAllBytes(paths[i], TestImage.NoisyPng(120 + (10 * i), 200, ((byte)(50 * i), 90, (byte)(255 - (40 * i))), i));

        using var extractor = FeatureExtractor.Load(model, new() { Provider = ExecutionProvider.Cpu, Store = s_store });

        Assert.Equal((file.Card!.Input.Tensor, file.Card.Features.Tensor, file.Card.Features.Dim), (file.Inputs[0].Name, file.Features!.Name, file.Features.Dim));
        Assert.False(string.IsNullOrWhiteSpace(file.Card.License));
        Assert.Equal(file.Card.Features.Dim, extractor.Dim);
        var five = (await extractor.EmbedAsync(ImageInput.FromFiles(paths), batchSize: 5)).Features;
        for (var i = 0; i < 5; i++)
        {
            var one = extractor.Embed(paths[i]);
            var largest = Math.Max(1, one.Max(Math.Abs));
            for (var d = 0; d < one.Length; d++) Assert.Equal(one[d], five.Row(i)[d], 1e-4f * largest);
        }
    }

    public static TheoryData<string> WithClasses => [.. s_present.Where(model => ModelFile.Open(model, s_store).Card!.Classes is not null)];

    [SharedTheory("models/mobilenet_v2_imagenet.onnx")]
    [MemberData(nameof(WithClasses))]
    public async Task A_network_with_classes_of_its_own_gives_a_probability_for_each(string model)
    {
        using var folder = new TempFolder();
        var photo = folder.File("photo.png");
        File.WriteAllBytes(photo, TestImage.NoisyPng(120, 200, (0, 90, 255), 0));
        var classes = ModelFile.Open(model, s_store).Card!.Classes!;
        using var classifier = await ImageClassifier.FromBackboneAsync(model, new() { Provider = ExecutionProvider.Cpu, Store = s_store });
        var prediction = classifier.Predict(photo);
        Assert.Equal(classes.Count, prediction.Probabilities.Count);
        Assert.Equal(1, prediction.Probabilities.Sum(), 1e-3f);
    }
}
