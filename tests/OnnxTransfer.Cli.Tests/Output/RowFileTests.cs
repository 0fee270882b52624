using OnnxTransfer.Cli.Output;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cli.Tests.Output;

public sealed class RowFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_that_are_all_known_replace_a_file_as_a_whole()
    {
        var path = _folder.File("rows.csv");
        RowFile.WriteAll(path, ["a,b", "1,2"]);
        Assert.Equal("a,b\n1,2\n", File.ReadAllText(path));
        Assert.Throws<IOException>(() => RowFile.WriteAll(path, Refused()));
        Assert.Equal("a,b\n1,2\n", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));

        // More than a buffer holds, so that some of it has been written before the disk refuses.
        static IEnumerable<string> Refused()
        {
            for (var i = 0; i < 10_000; i++) yield return new string('x', 100);
            throw new IOException("No space left on device");
        }
    }
}
