using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ApplicationModelsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheModelOfThePackageIsBesideTheseTests()
    {
        var store = Store(ApplicationModels.Default);
        Assert.Contains("resnet18", store.BesideApplication.Select(model => model.Id));
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "onnxtransfer", "models", "resnet18.onnx"), store.PathOf("ResNet18"));
        Assert.True(ModelCatalog.Default.TryFind("resnet18", out var entry));
        Assert.Equal(entry.Bytes, new FileInfo(store.PathOf("resnet18")).Length);
        // The package's card is the catalog's.
        Assert.Equal(entry.Card.ToJson(), store.Find("resnet18").Card.ToJson());
    }

    [Fact]
    public async Task AnIdThatTheCatalogDoesNotHaveIsFound()
    {
        var path = Write("acme-screws");
        var store = Store();
        Assert.Equal(path, store.PathOf("Acme-Screws"));
        Assert.True(store.Contains("acme-screws"));
        Assert.Equal(["acme-screws"], store.BesideApplication.Select(model => model.Id));
        Assert.Equal("acme-screws", store.Find("ACME-Screws").Id);
        Assert.False(new ModelStore().TryFind("acme-screws", out _));
        Assert.Equal(path, await store.GetAsync("acme-screws"));
        Assert.Null(await store.VerifyAsync("acme-screws"));
        using var extractor = await FeatureExtractor.LoadAsync("acme-screws", new() { Store = store, Provider = ExecutionProvider.Cpu });
        Assert.Equal(("acme-screws", TinyBackbone.Dim), (extractor.Model.Id, extractor.Dim));
    }

    [Fact]
    public async Task AModelBesideTheApplicationComesBeforeTheCatalog()
    {
        var path = Write("mobilenet-v2");
        Assert.Equal(path, (await BackboneResolver.ResolveAsync("mobilenet-v2", Store())).OnnxPath);
    }

    [Fact]
    public async Task OtherBytesThanTheCardsAreRefused()
    {
        var path = Write("acme", card => card with { Sha256 = new string('0', 64) });
        var error = await Assert.ThrowsAsync<InvalidModelException>(() => Store().GetAsync("acme"));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(new string('0', 64), error.Message, StringComparison.Ordinal);
        Assert.Contains("sha256", await Store().VerifyAsync("acme"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheHashIsComputedOnceAndRememberedOutsideTheApplication()
    {
        var path = Write("acme");
        var before = Names();
        await Store().GetAsync("acme");
        Assert.Equal(before, Names());
        // With its size and time as they were, the file is not read again: that is what makes opening fast.
        var time = File.GetLastWriteTimeUtc(path);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
        await Store().GetAsync("acme");
        Assert.NotNull(await Store().VerifyAsync("acme"));
        await Assert.ThrowsAsync<InvalidModelException>(() => Store().GetAsync("acme"));
    }

    [Fact]
    public async Task AnotherVersionOfTheSameSizeAndTimeIsNotTakenForADamagedOne()
    {
        var path = Write("acme");
        var time = new DateTime(1980, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, time);
        await Store().GetAsync("acme");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
        var card = ModelCard.Load(ModelCard.PathFor(path));
        (card with { Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) }).Save(ModelCard.PathFor(path));
        Assert.Equal(path, await Store().GetAsync("acme"));
    }

    [Fact]
    public async Task AStoreThatCannotBeWrittenDoesNotMatter()
    {
        var path = Write("acme");
        File.WriteAllText(_folder.File("file"), "");
        var store = new ModelStore { Folder = Path.Combine(_folder.Path, "file", "models"), IsOffline = true, Application = new ApplicationModels(Beside) };
        Assert.Equal(path, await store.GetAsync("acme"));
    }

    [Fact]
    public async Task ACardOfAnotherIdIsRefusedWithBothNames()
    {
        Write("acme", card => card with { Id = "other" });
        var error = await Assert.ThrowsAsync<InvalidModelException>(() => Store().GetAsync("acme"));
        Assert.Contains("has the id 'other', but the model is named 'acme.onnx'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AModelWithoutACardIsRefused()
    {
        File.Delete(ModelCard.PathFor(Write("acme")));
        Assert.Contains("acme.model.json", (await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync("acme"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnIdIsNoPathOutOfTheFolder()
    {
        TinyBackbone.Write(_folder.File("outside.onnx"));
        Write("acme");
        await Assert.ThrowsAsync<ModelNotFoundException>(() => BackboneResolver.ResolveAsync("../outside", Store()));
    }

    [Fact]
    public async Task AnUnknownIdListsBothPlaces()
    {
        Write("acme-screws");
        foreach (var find in new Func<Task>[] { () => Task.Run(() => Store().Find("acme-screw")), () => BackboneResolver.ResolveAsync("acme-screw", Store()), () => Store().GetAsync("acme-screw") })
        {
            var error = await Assert.ThrowsAsync<ModelNotFoundException>(find);
            Assert.Contains($"The application's folder ({Beside}) has acme-screws", error.Message, StringComparison.Ordinal);
            Assert.Contains("the catalog has ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task APackageThatIsMissingIsNamedWithTheCommandThatAddsIt()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => BackboneResolver.ResolveAsync("resnet18", Store()));
        Assert.Contains("`dotnet add package OnnxTransfer.Models.ResNet18`", error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder.Path, "store", "resnet18.onnx"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePackagesModelCanBePlacedInTheStoreByHand()
    {
        var placed = Path.Combine(_folder.Path, "store", "resnet18.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(placed)!);
        File.Copy(Store(ApplicationModels.Default).PathOf("resnet18"), placed);
        Assert.Equal(placed, (await BackboneResolver.ResolveAsync("resnet18", Store())).OnnxPath);
    }

    /// <summary>An error offers what works here: a model that is here, else the package to add.</summary>
    [Fact]
    public async Task WhereADownloadFailsOnlyAModelThatIsHereIsOffered()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync("mobilenet-v2"));
        Assert.Contains("add a model that needs no download: `dotnet add package OnnxTransfer.Models.ResNet18`, then `--backbone resnet18`", error.Message, StringComparison.Ordinal);
        Write("acme");
        error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync("mobilenet-v2"));
        Assert.Contains("use a model that needs no download: `--backbone acme`", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("resnet18", error.Message, StringComparison.Ordinal);
        Write("resnet18");
        error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync("mobilenet-v2"));
        Assert.Contains("use a model that needs no download: `--backbone resnet18`", error.Message, StringComparison.Ordinal);
    }

    private string Beside => Path.Combine(_folder.Path, "beside");

    private ModelStore Store(ApplicationModels? application = null) =>
        new() { Folder = Path.Combine(_folder.Path, "store"), IsOffline = true, Application = application ?? new ApplicationModels(Beside) };

    private string Write(string id, Func<ModelCard, ModelCard>? change = null)
    {
        var path = _folder.File("beside", $"{id}.onnx");
        TinyBackbone.Write(path);
        var card = TinyBackbone.Card() with { Id = id, Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))) };
        (change is null ? card : change(card)).Save(ModelCard.PathFor(path));
        return path;
    }

    private IEnumerable<string> Names() => Directory.GetFiles(Beside).Order(StringComparer.Ordinal);
}
