using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>A store in a temporary folder, an entry with the mirrors one and two, and the bytes it should have.</summary>
public abstract class ModelStoreFixture : IDisposable
{
    private protected TempFolder Folder { get; } = new();

    private protected FakeMirrors Mirrors { get; } = new();

    private protected static byte[] Content { get; } = RandomNumberGenerator.GetBytes(700_000);

    private protected CatalogEntry Entry { get; } = TestCards.Download(Content, "one", "two");

    private protected string FinalPath => Path.Combine(Folder.Path, "x.onnx");

    private protected string PartialPath => Store().PartialPathOf(Entry);

    public void Dispose()
    {
        Mirrors.Dispose();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }


    private protected ModelStore Store(bool offline = false, string? folder = null, TimeSpan? timeout = null) =>
        new() { Folder = folder ?? Folder.Path, IsOffline = offline, MessageHandler = Mirrors, Timeout = timeout ?? TimeSpan.FromSeconds(60) };

    private protected IEnumerable<string> Names() =>
        Directory.GetFiles(Folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);
}
