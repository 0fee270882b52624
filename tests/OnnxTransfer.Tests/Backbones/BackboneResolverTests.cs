using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class BackboneResolverTests : IDisposable
{
    private static readonly byte[] s_content = [1, 2, 3];
    private static readonly string s_hash = Convert.ToHexStringLower(SHA256.HashData(s_content));
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PathWithACardGivesBoth()
    {
        var path = Model(TestCards.Card with { Sha256 = s_hash });
        var found = await BackboneResolver.ResolveAsync(path);
        Assert.Equal((path, s_hash, "x"), (found.OnnxPath, found.Sha256, found.Card!.Id));
    }

    [Fact]
    public async Task CardWithoutAHashIsNotHeldToOne() =>
        Assert.Equal(s_hash, (await BackboneResolver.ResolveAsync(Model(TestCards.Card))).Sha256);

    [Fact]
    public async Task PathWithoutACardIsLeftToInspection() => Assert.Null((await BackboneResolver.ResolveAsync(Model(null))).Card);

    [Fact]
    public async Task OtherBytesThanTheCardsAreRefusedWithBothHashes()
    {
        var expected = new string('0', 64);
        var path = Model(TestCards.Card with { Sha256 = expected });
        var error = await Assert.ThrowsAsync<InvalidModelException>(() => BackboneResolver.ResolveAsync(path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(s_hash, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NeitherFileNorIdSaysBothAndListsTheNearest()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => BackboneResolver.ResolveAsync("mobilnet-v2"));
        Assert.Contains($"no file or folder '{Path.GetFullPath("mobilnet-v2")}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("The application's folder", error.Message, StringComparison.Ordinal);
        Assert.Contains("has resnet18; the catalog has mobilenet-v2,", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FolderWithoutAModelSaysWhatItNeeds()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => BackboneResolver.ResolveAsync(_folder.Path));
        Assert.Contains("is a folder without an ONNX file: it needs model.onnx or onnx/model.onnx", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnavailableDownloadSaysSo()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => BackboneResolver.ResolveAsync("mobilenet-v2", Store()));
        Assert.Contains("ONNXTRANSFER_OFFLINE", error.Message, StringComparison.Ordinal);
    }

    [SharedFact("models/mobilenet_v2_imagenet.onnx")]
    public async Task SharedBackboneMatchesItsCard()
    {
        var found = await BackboneResolver.ResolveAsync(Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx"));
        Assert.Equal("mobilenet-v2-tfhub", found.Card!.Id);
        Assert.Equal(found.Card.Sha256, found.Sha256);
    }

    private ModelStore Store() => new() { Folder = _folder.Path, IsOffline = true };

    private string Model(ModelCard? card)
    {
        var path = _folder.File("model.onnx");
        File.WriteAllBytes(path, s_content);
        card?.Save(ModelCard.PathFor(path));
        return path;
    }
}
