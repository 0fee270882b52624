using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

public sealed class ModelInfoTests
{
    [Fact]
    public void TheCatalogIsFoundById()
    {
        var store = new ModelStore();
        Assert.True(store.TryFind("MobileNet-V2", out var model));
        Assert.Equal(store.Catalog[0].Id, model.Id);
        Assert.Equal((1280, 224, 224), (model.Dim, model.Width, model.Height));
        Assert.Null(model.Package);
        Assert.Equal("OnnxTransfer.Models.ResNet18", store.Find("resnet18").Package);
        Assert.False(store.TryFind("mobilenet-v3000", out _));
        Assert.Contains("mobilenet-v2", Assert.Throws<ModelNotFoundException>(() => store.Find("mobilenet-v3000")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatTheCatalogSaysIsSaidOfTheSameFileAlone()
    {
        Assert.True(ModelCatalog.Default.TryFind("mobilenet-v2", out var entry));
        Assert.Equal(entry.Top1, ModelInfo.Of(entry.Card).Top1);
        Assert.Null(ModelInfo.Of(entry.Card with { Sha256 = new string('0', 64) }).Top1);
        Assert.Null(ModelInfo.Of(TestCards.Card).Name);
    }

    [Fact]
    public void AStoreHasAPlaceForEveryModel()
    {
        using var folder = new TempFolder();
        var store = new ModelStore { Folder = folder.Path };
        Assert.All(store.Catalog, model => Assert.Equal(model.Id == "resnet18", store.Contains(model.Id)));
        Assert.Equal(Path.Combine(folder.Path, "mobilenet-v2.onnx"), store.PathOf("mobilenet-v2"));
    }
}
