using System.Text;
using OnnxTransfer.Backbones.Hub;
using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Backbones.Folders;

namespace OnnxTransfer.Tests.Backbones.Hub;

public sealed class HubModelsTests : IDisposable
{
    private const string Name = "hf:" + LoopbackHub.Repository;
    private static readonly string s_first = new('a', 40);
    private static readonly string s_second = new('b', 40);
    private readonly TempFolder _folder = new();
    private readonly LoopbackHub _hub = new();

    public HubModelsTests()
    {
        var model = _folder.File("model.onnx");
        FolderNetwork.Write(model);
        _hub.Commits[s_first] = new()
        {
            ["onnx/model.onnx"] = File.ReadAllBytes(model),
            ["config.json"] = Encoding.UTF8.GetBytes(FolderNetwork.Config),
            ["preprocessor_config.json"] = Encoding.UTF8.GetBytes(FolderNetwork.Processor(16)),
        };
        _hub.Refs["main"] = s_first;
    }

    private byte[] Model => _hub.Commits[s_first]["onnx/model.onnx"];

    private string Cache => Path.Combine(_folder.Path, "hub");

    private string Repository => Path.Combine(Cache, "models--acme--screws");

    private string Blob => Path.Combine(Repository, "blobs", LoopbackHub.Sha256(Model));

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AModelOfTheHubIsDownloadedWithItsPreprocessing()
    {
        using var extractor = await FeatureExtractor.LoadAsync(Name, Options());
        Assert.Equal((LoopbackHub.Repository, FolderNetwork.Dim, PreprocessSpec.Vit(16)), (extractor.Model.Id, extractor.Dim, extractor.Model.Preprocess));
        Assert.Equal($"{Name}@{s_first}/onnx/model.onnx", extractor.Model.Source);
        Assert.Equal(LoopbackHub.Sha256(Model), extractor.Model.Sha256);
        using var classifier = await ImageClassifier.FromBackboneAsync(Name, Options());
        Assert.Equal(["ant", "bee", "cat"], classifier.Labels);
    }

    /// <summary>Other tools of the hub find the files, and their files are found.</summary>
    [UnixFact]
    public async Task TheCacheHasTheLayoutThatAllToolsShare()
    {
        var path = await Store().GetAsync(Name);
        Assert.Equal(Path.Combine(Repository, "snapshots", s_first, "onnx", "model.onnx"), path);
        Assert.Equal(s_first, File.ReadAllText(Path.Combine(Repository, "refs", "main")));
        Assert.Equal(Model, File.ReadAllBytes(Blob));
        Assert.Equal(Path.Combine("..", "..", "..", "blobs", LoopbackHub.Sha256(Model)), new FileInfo(path).LinkTarget);
        var config = new FileInfo(Path.Combine(Repository, "snapshots", s_first, "config.json"));
        Assert.Equal(Path.Combine("..", "..", "blobs", LoopbackHub.Git(Encoding.UTF8.GetBytes(FolderNetwork.Config))), config.LinkTarget);
        Assert.True(File.Exists(Path.Combine(Repository, ".no_exist", s_first, "processor_config.json")));
        Assert.Equal(Cache, Store().HubFolder);
    }

    [Fact]
    public async Task WhatIsInTheCacheNeedsNoNetwork()
    {
        await Store().GetAsync(Name);
        using var extractor = await FeatureExtractor.LoadAsync(Name, Options(offline: true));
        Assert.Equal(PreprocessSpec.Vit(16), extractor.Model.Preprocess);
        var before = _hub.Requests.Count;
        await Store().GetAsync($"{Name}@{s_first}/onnx/model.onnx");
        Assert.Equal(before, _hub.Requests.Count);
    }

    [Fact]
    public async Task TheStoreKnowsModelsOfTheHub()
    {
        var store = Store();
        Assert.False(store.Contains(Name));
        Assert.Equal("it is not there", await store.VerifyAsync(Name));
        Assert.Contains("models pull " + Name, Assert.Throws<ModelNotFoundException>(() => store.PathOf(Name)).Message, StringComparison.Ordinal);
        Assert.Contains("is in no catalog", Assert.Throws<ModelNotFoundException>(() => store.Find(Name)).Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);

        var path = await store.GetAsync(Name);
        var before = _hub.Requests.Count;
        foreach (var name in new[] { Name, $"{Name}@{s_first}", $"{Name}@main/onnx/model.onnx" })
        {
            Assert.True(store.Contains(name), name);
            Assert.Equal(path, store.PathOf(name));
        }

        Assert.False(store.Contains($"{Name}/onnx/model_fp16.onnx"));
        Assert.False(store.Contains($"{Name}@{s_second}"));
        Assert.Equal(before, _hub.Requests.Count);
        foreach (var wrong in new[] { "hf:", "hf:acme", "hf:acme/../x" })
        {
            Assert.Throws<ArgumentException>(() => store.Contains(wrong));
            Assert.Throws<ArgumentException>(() => store.PathOf(wrong));
            await Assert.ThrowsAsync<ArgumentException>(() => store.VerifyAsync(wrong));
        }
    }

    [UnixFact]
    public async Task TheStoreFindsDamageInTheCache()
    {
        var store = Store();
        await store.GetAsync(Name);
        Assert.Null(await store.VerifyAsync(Name));
        File.WriteAllBytes(Blob, [.. Model.Select(b => (byte)(b ^ 1))]);
        Assert.Equal($"it does not have the sha256 {LoopbackHub.Sha256(Model)}", await store.VerifyAsync(Name));
    }

    /// <summary>The files of the cache belong to all tools of the hub.</summary>
    [Fact]
    public async Task NoCardIsWrittenIntoTheCache()
    {
        var file = await ModelFile.OpenAsync(Name, Store());
        var before = Directory.EnumerateFileSystemEntries(Cache, "*", SearchOption.AllDirectories).ToList();
        foreach (var one in new[] { file, ModelFile.Open(file.Path, Store()) })
            Assert.Contains("belongs to the cache of the Hugging Face hub", Assert.Throws<ModelException>(() => one.WriteCard("vit")).Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(Cache, "*", SearchOption.AllDirectories));
        var own = _folder.File("own.onnx");
        File.Copy(file.Path, own);
        Assert.Equal(FolderNetwork.Dim, ModelFile.Open(own, Store()).WriteCard("vit").Dim);
    }

    [Fact]
    public async Task WhatIsNotInTheCacheIsSaidWhenOffline()
    {
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store(offline: true).GetAsync(Name));
        Assert.Contains("HF_HUB_OFFLINE", error.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task WithoutANetworkTheLastVersionServes()
    {
        await Store().GetAsync(Name);
        _hub.Dispose();
        using var extractor = await FeatureExtractor.LoadAsync(Name, Options());
        Assert.Equal(PreprocessSpec.Vit(16), extractor.Model.Preprocess);
        var error = await Assert.ThrowsAsync<ModelException>(() => Store().GetAsync("hf:acme/other"));
        Assert.Contains("HF_ENDPOINT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APushIsSeenAndTheOldVersionStays()
    {
        var old = await Store().GetAsync(Name);
        _hub.Commits[s_second] = new(_hub.Commits[s_first]) { ["preprocessor_config.json"] = Encoding.UTF8.GetBytes(FolderNetwork.Processor(16).Replace("0.5", "0.25", StringComparison.Ordinal)) };
        _hub.Refs["main"] = s_second;
        using (var now = await FeatureExtractor.LoadAsync(Name, Options())) Assert.Equal(0.25, now.Model.Preprocess.Mean[0]);
        using (var then = await FeatureExtractor.LoadAsync($"{Name}@{s_first}", Options())) Assert.Equal(0.5, then.Model.Preprocess.Mean[0]);
        Assert.True(File.Exists(old));
        // The same bytes are downloaded once.
        Assert.Single(_hub.Requests, request => request.Storage && request.Method == "GET");
    }

    [Fact]
    public async Task ARevisionAndAFileCanBeNamed()
    {
        var quantized = new Dictionary<string, byte[]>(_hub.Commits[s_first]) { ["onnx/model_small.onnx"] = Model };
        _hub.Commits[s_second] = quantized;
        _hub.Refs["refs/pr/1"] = s_second;
        var path = await Store().GetAsync($"{Name}@refs%2Fpr%2F1/onnx/model_small.onnx");
        Assert.EndsWith(Path.Combine(s_second, "onnx", "model_small.onnx"), path, StringComparison.Ordinal);
        Assert.Equal(s_second, File.ReadAllText(Path.Combine(Repository, "refs", "refs", "pr", "1")));
        Assert.True(File.Exists(Path.Combine(Repository, "snapshots", s_second, "preprocessor_config.json")));
    }

    [Fact]
    public async Task AnInterruptedDownloadIsContinued()
    {
        _hub.HangsUpAfter = 100;
        await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync($"{Name}/onnx/model.onnx"));
        Assert.Equal(100, new FileInfo(Blob + ".incomplete").Length);
        await Store().GetAsync($"{Name}/onnx/model.onnx");
        Assert.Contains(_hub.Requests, request => request is { Storage: true, Range: "bytes=100-" });
        Assert.Equal(Model, File.ReadAllBytes(Blob));
        Assert.False(File.Exists(Blob + ".incomplete"));
    }

    [Fact]
    public async Task OtherBytesThanTheHubStatesAreRefused()
    {
        _hub.Stored = content => [.. content[..^1], (byte)(content[^1] ^ 1)];
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Name));
        Assert.Contains("another sha256", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Blob));
    }

    [Fact]
    public async Task ADamagedFileInTheCacheIsDownloadedAgain()
    {
        await Store().GetAsync(Name);
        File.WriteAllBytes(Blob, [1, 2, 3]);
        using var extractor = await FeatureExtractor.LoadAsync(Name, Options());
        Assert.Equal(Model, File.ReadAllBytes(Blob));
    }

    [Fact]
    public async Task TheTokenGoesToTheHubAlone()
    {
        _hub.IsGated = true;
        var refused = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Name));
        Assert.Contains("is gated", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(LoopbackHub.Token, refused.Message, StringComparison.Ordinal);
        await Store(token: LoopbackHub.Token).GetAsync(Name);
        Assert.Contains(_hub.Requests, request => request.Storage);
        Assert.All(_hub.Requests.Where(request => request.Storage), request => Assert.Null(request.Authorization));
    }

    [Theory]
    [InlineData("hf:acme/nothing", "no repository acme/nothing")]
    [InlineData(Name + "@v9", "no revision 'v9'")]
    [InlineData(Name + "/onnx/other.onnx", "no file 'onnx/other.onnx'")]
    public async Task WhatTheHubDoesNotHaveIsSaid(string name, string wanted) =>
        Assert.Contains(wanted, (await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(name))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task ARepositoryWithoutAnOnnxFileSaysSo()
    {
        _hub.Commits[s_first].Remove("onnx/model.onnx");
        var error = await Assert.ThrowsAsync<ModelNotFoundException>(() => Store().GetAsync(Name));
        Assert.Contains("no ONNX file with a usual name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoCallsAtTheSameTimeDownloadOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Store().GetAsync(Name)));
        Assert.Single(_hub.Requests, request => request.Storage && request.Method == "GET");
    }

    [Theory]
    [InlineData("hf:")]
    [InlineData("hf:name")]
    [InlineData("hf:a/..")]
    [InlineData("hf:../b")]
    [InlineData("hf:a/b/../../c.onnx")]
    [InlineData("hf:a/b/c\\d.onnx")]
    [InlineData("hf:a/b@..%2F..%2Fx")]
    [InlineData("hf:a/b@")]
    [InlineData("hf:a b/c")]
    public void WhatIsNoNameIsRefused(string text) => Assert.Throws<ArgumentException>(() => HubId.TryParse(text, out _));

    [Fact]
    public void TheEnvironmentOfTheHubsToolsCounts()
    {
        var variables = new Dictionary<string, string> { ["HF_ENDPOINT"] = "https://mirror.example/hf/", ["HF_TOKEN"] = " t ", ["HF_HUB_OFFLINE"] = "1", ["HF_HOME"] = "/h" };
        var settings = HubSettings.FromEnvironment(variables.GetValueOrDefault);
        Assert.Equal(("https://mirror.example/hf/", "t", true), (settings.Endpoint.ToString(), settings.Token, settings.IsOffline));
        Assert.Equal(Path.GetFullPath("/h/hub"), settings.Folder);
        variables["HF_HUB_CACHE"] = "/c";
        Assert.Equal(Path.GetFullPath("/c"), HubSettings.FromEnvironment(variables.GetValueOrDefault).Folder);
        var plain = HubSettings.FromEnvironment(new Dictionary<string, string> { ["XDG_CACHE_HOME"] = "/x" }.GetValueOrDefault);
        Assert.Equal(("https://huggingface.co/", false, Path.GetFullPath("/x/huggingface/hub")), (plain.Endpoint.ToString(), plain.IsOffline, plain.Folder));
        Assert.Throws<ModelException>(() => HubSettings.FromEnvironment(new Dictionary<string, string> { ["HF_ENDPOINT"] = "huggingface" }.GetValueOrDefault));
    }

    private FeatureExtractorOptions Options(bool offline = false) => new() { Provider = ExecutionProvider.Cpu, Store = Store(offline) };

    private ModelStore Store(bool offline = false, string? token = null) => new()
    {
        Folder = _folder.File("models"),
        IsOffline = false,
        Hub = new HubSettings { Endpoint = _hub.Address, Folder = Cache, IsOffline = offline, Token = token },
    };
}
