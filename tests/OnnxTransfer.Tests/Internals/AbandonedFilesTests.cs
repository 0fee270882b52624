using System.Diagnostics;
using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

public sealed class AbandonedFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_next_write_deletes_what_a_killed_writer_left_and_nothing_else()
    {
        var path = _folder.File("model.onnx");
        var abandoned = Old($".model.onnx.{Guid.NewGuid():N}.tmp");
        string[] others =
        [
            // Another file's, one that is just being made, names that only look alike.
            Old($".other.onnx.{Guid.NewGuid():N}.tmp"), New($".model.onnx.{Guid.NewGuid():N}.tmp"), Old(".model.onnx.backup.tmp"), Old($"model.onnx.{Guid.NewGuid():N}.tmp"), Old($".model.onnx.{Guid.NewGuid():N}"),
        ];
        using var living = new FileStream(Old($".model.onnx.{Guid.NewGuid():N}.tmp"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

        AtomicFile.Write(path, [1]);

        Assert.False(File.Exists(abandoned));
        Assert.Equal([.. others.Append(living.Name).Append(path).Order(StringComparer.Ordinal)], Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal));
        // The folder as a whole: the other file's, too.
        Assert.Equal(1, AbandonedFiles.DeleteIn(_folder.Path));
        Assert.True(File.Exists(living.Name));
    }

    [Fact]
    public void A_writer_is_alive_until_its_file_has_its_name()
    {
        var path = _folder.File("model.onnx");
        void Tidy()
        {
            foreach (var file in Directory.GetFiles(_folder.Path)) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
            Assert.Equal(0, AbandonedFiles.Delete(path));
        }

        AtomicFile.Write(
            path,
            stream =>
            {
                stream.WriteByte(1);
                stream.Flush();
                Tidy();
            },
            _ => Tidy());
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    /// <summary>Clocks are set, and start in 1970 where no battery keeps them: a file's time says nothing then, and its lock decides.</summary>
    [Theory]
    [InlineData("1970-01-01")]
    [InlineData("2107-12-31")]
    public void A_wrong_clock_keeps_no_abandoned_file_and_deletes_no_living_one(string date)
    {
        var time = DateTime.Parse(date, System.Globalization.CultureInfo.InvariantCulture);
        var path = _folder.File("model.onnx");
        var (abandoned, held) = (New($".model.onnx.{Guid.NewGuid():N}.tmp"), New($".model.onnx.{Guid.NewGuid():N}.tmp"));
        File.SetLastWriteTimeUtc(abandoned, time);
        File.SetLastWriteTimeUtc(held, time);
        using var living = new FileStream(held, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Assert.Equal(1, AbandonedFiles.Delete(path));
        Assert.Equal([held], Directory.GetFiles(_folder.Path));
    }

    /// <summary>A process that holds the file as a writer does, killed with SIGKILL.</summary>
    [LinuxFact("needs the program flock")]
    public void A_file_of_another_process_stays_until_that_is_killed()
    {
        var path = _folder.File("model.onnx");
        var held = Old($".model.onnx.{Guid.NewGuid():N}.tmp");
        var ready = _folder.File("ready");
        // The shell makes the file itself: a child, such as touch, would have the lock as well and might outlive the shell.
        using var writer = Process.Start(new ProcessStartInfo("flock", ["-s", "--no-fork", held, "sh", "-c", $": > '{ready}'; exec sleep 1000"]))!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => File.Exists(ready), TimeSpan.FromMinutes(1)));
            Assert.Equal(0, AbandonedFiles.Delete(path));
        }
        finally
        {
            writer.Kill();
            writer.WaitForExit();
        }

        Assert.Equal(1, AbandonedFiles.Delete(path));
        Assert.False(File.Exists(held));
    }

    private string Old(string name)
    {
        var path = New(name);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-1));
        return path;
    }

    private string New(string name)
    {
        var path = _folder.File(name);
        File.WriteAllBytes(path, [1, 2, 3]);
        return path;
    }
}
