using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Heic.Tests;

public sealed class HeicFileTests
{
    [Fact]
    public void Write_GivesAFileWithTheBytesForItsOwnerAlone()
    {
        var bytes = HeicDecoderTests.Bytes("rgb.heic");
        string path;
        using (var file = HeicFile.Write(bytes))
        {
            path = file.Path;
            Assert.Equal(bytes, File.ReadAllBytes(path));
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("rgb.heic", 1.0)]
    [InlineData("rgb.heic", 0.6)]
    public async Task Decode_LeavesNoFileBehind(string name, double kept)
    {
        // In a process of its own, whose folder for temporary files is empty to begin with.
        using var folder = new TempFolder();
        var image = folder.File("in", "image.heic");
        var bytes = HeicDecoderTests.Bytes(name);
        File.WriteAllBytes(image, bytes[..(int)(bytes.Length * kept)]);
        var temporary = Directory.CreateDirectory(folder.File("tmp")).FullName;
        using var watcher = new FileSystemWatcher(temporary) { IncludeSubdirectories = true };
        var seen = new System.Collections.Concurrent.ConcurrentQueue<string>();
        watcher.Created += (_, e) => seen.Enqueue(Path.GetFileName(e.FullPath));
        watcher.EnableRaisingEvents = true;
        var (exitCode, output) = await Probe.RunAsync(["decode", image], temporary);
        Assert.Equal(kept == 1 ? "32x16" : "refused", output);
        Assert.Equal(0, exitCode);
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
        // ImageMagick, were it given bytes, would write a file magick-*.
        await Task.Delay(200);
        Assert.NotEmpty(seen);
        Assert.DoesNotContain(seen, file => file.StartsWith("magick-", StringComparison.Ordinal));
    }

    [UnixFact]
    public async Task Decode_WithoutAFolderForTemporaryFiles_SaysWhatToDo()
    {
        using var folder = new TempFolder();
        var image = folder.File("image.heic");
        File.WriteAllBytes(image, HeicDecoderTests.Bytes("rgb.heic"));
        var (_, output) = await Probe.RunAsync(["reason", image], folder.File("missing", "folder") + "/none");
        Assert.Contains("no temporary file could be written for ImageMagick", output, StringComparison.Ordinal);
        Assert.EndsWith("choose another folder with the environment variable TMPDIR.", output, StringComparison.Ordinal);
    }
}
