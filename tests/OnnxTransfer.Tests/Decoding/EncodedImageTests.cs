using OnnxTransfer.Decoding;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Decoding;

[Collection(nameof(Alone))]
public sealed class EncodedImageTests : IDisposable
{
    private const int Bytes = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What is read goes into rented memory, and disposal gives it back: the next file needs none.</summary>
    [Fact]
    public void Files_one_after_the_other_are_read_into_the_same_memory()
    {
        var path = _folder.File("large.bin");
        File.WriteAllBytes(path, new byte[Bytes]);
        EncodedImage.Read(path, DecodeOptions.Default).Dispose();
        // Another test may empty the pool in between, so the least of several rounds counts.
        Assert.InRange(Enumerable.Range(0, 10).Min(_ => Allocated(path)), 0, Bytes / 2);
    }

    private static long Allocated(string path)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 4; i++) EncodedImage.Read(path, DecodeOptions.Default).Dispose();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
