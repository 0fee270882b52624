using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

public sealed class AtomicFileTests : IDisposable
{
    private const int Length = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Until_the_last_byte_is_checked_a_reader_sees_what_was_there(bool replaces)
    {
        var path = _folder.File("target.bin");
        if (replaces) File.WriteAllBytes(path, Filled(1));
        AtomicFile.Write(
            path,
            stream =>
            {
                stream.Write(Filled(2).AsSpan(0, Length / 2));
                stream.Flush();
                AssertUntouched();
                stream.Write(Filled(2).AsSpan(Length / 2));
                stream.Flush();
                AssertUntouched();
            },
            written =>
            {
                AssertUntouched();
                Assert.Equal(Filled(2), File.ReadAllBytes(written));
                Assert.Equal(_folder.Path, Path.GetDirectoryName(written));
            });
        Assert.Equal(Filled(2), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));

        void AssertUntouched()
        {
            Assert.Equal(replaces, File.Exists(path));
            if (replaces) Assert.Equal(Filled(1), File.ReadAllBytes(path));
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_writer_or_check_that_fails_leaves_what_was_there_and_nothing_else(bool replaces, bool failsInCheck)
    {
        var path = _folder.File("target.bin");
        if (replaces) File.WriteAllBytes(path, Filled(1));
        var error = Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(
            path,
            stream =>
            {
                stream.Write(Filled(2));
                if (!failsInCheck) throw new InvalidOperationException("written");
            },
            _ => throw new InvalidOperationException("checked")));
        Assert.Equal(failsInCheck ? "checked" : "written", error.Message);
        Assert.Equal(replaces ? [path] : [], Directory.GetFileSystemEntries(_folder.Path));
        if (replaces) Assert.Equal(Filled(1), File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Among_writers_a_reader_never_sees_a_mixture()
    {
        var path = _folder.File("target.bin");
        AtomicFile.Write(path, Filled(0));
        var writers = Enumerable.Range(0, 2).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 30; i++) AtomicFile.Write(path, Filled((byte)((2 * i) + writer)));
        })).ToArray();
        var reads = 0;
        while (reads < 20 || !Array.TrueForAll(writers, writer => writer.IsCompleted))
        {
            // Sharing deletion is what lets Windows rename over a file that is being read.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            var content = new byte[Length + 1];
            Assert.Equal(Length, stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false));
            Assert.Equal(-1, content.AsSpan(0, Length).IndexOfAnyExcept(content[0]));
            reads++;
        }

        await Task.WhenAll(writers);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void The_temporary_file_is_hidden_new_each_time_and_on_the_volume_of_the_target()
    {
        var names = Enumerable.Range(0, 3).Select(_ => AtomicFile.TemporaryBeside(_folder.File("x.onnx"))).ToList();
        Assert.Equal(3, names.Distinct().Count());
        Assert.All(names, name => Assert.Equal(_folder.Path, Path.GetDirectoryName(name)));
        Assert.All(names, name => Assert.StartsWith(".x.onnx.", Path.GetFileName(name), StringComparison.Ordinal));
        Assert.All(names, name => Assert.EndsWith(".tmp", name, StringComparison.Ordinal));
    }

    /// <summary>What a file still holds in its buffer is written when it is closed, and a full disk refuses that too.</summary>
    [Fact]
    public void A_file_that_a_full_disk_refuses_is_gone()
    {
        var path = _folder.File("target.bin");
        File.WriteAllBytes(path, Filled(1));
        void Write()
        {
            using var file = new PendingFile(new FullDisk(_folder.File(".target.bin.tmp")), path);
            throw new InvalidOperationException("what came first");
        }

        var error = Assert.Throws<InvalidOperationException>(Write);
        Assert.Equal("what came first", error.Message);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal(Filled(1), File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pair_is_replaced_as_a_whole_or_stays(bool isFull)
    {
        var (path, description) = (_folder.File("model.onnx"), _folder.File("model.json"));
        AtomicFile.WritePair(path, [1], description, [1]);
        void Replace()
        {
            using var file = AtomicFile.Begin(path);
            file.Stream.WriteByte(2);
            using var beside = isFull ? new PendingFile(new FullDisk(_folder.File(".model.json.tmp")), description) : AtomicFile.Begin(description);
            beside.Stream.WriteByte(2);
            file.CompleteWith(beside);
        }

        if (isFull) Assert.Throws<IOException>(Replace);
        else Replace();
        byte[] expected = isFull ? [1] : [2];
        Assert.Equal(expected, File.ReadAllBytes(path));
        Assert.Equal(expected, File.ReadAllBytes(description));
        Assert.Equal([description, path], Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal));
    }

    /// <summary>A file on a disk that takes nothing more.</summary>
    private sealed class FullDisk(string path) : FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete)
    {
        public override void Flush(bool flushToDisk) => throw new IOException("No space left on device");

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing) throw new IOException("No space left on device");
        }
    }

    private static byte[] Filled(byte value)
    {
        var content = new byte[Length];
        Array.Fill(content, value);
        return content;
    }
}
