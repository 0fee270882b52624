namespace OnnxTransfer.Cli.Tests;

/// <summary>Whoever writes a file writes it beside and renames it: a reader sees the old content or the new. The tool has all the libraries beside it.</summary>
public sealed class FileWritersTests
{
    [Theory]
    [InlineData("OnnxTransfer")]
    [InlineData("OnnxTransfer.Conversion")]
    [InlineData("OnnxTransfer.Vips")]
    [InlineData("OnnxTransfer.Heic")]
    [InlineData("OnnxTransfer.Parquet")]
    [InlineData("OnnxTransfer.Cli")]
    public void Files_are_written_by_the_atomic_writer_alone(string assembly)
    {
        var path = assembly == "OnnxTransfer.Cli" ? typeof(Program).Assembly.Location : Path.Combine(AppContext.BaseDirectory, assembly + ".dll");
        var writers = FileWriters.In(path).Distinct().ToList();
        Assert.Empty(writers.Except(FileWriters.Allowed.Keys).Except(FileWriters.AllowedOfTool.Keys));
        // Who no longer writes is taken off the list. The tool has the writer inside, compiled into it.
        var expected = assembly == "OnnxTransfer.Cli" ? ["OnnxTransfer.Internals.AbandonedFiles.TryDelete", "OnnxTransfer.Internals.AtomicFile.Begin", "OnnxTransfer.Internals.PendingFile.Complete", "OnnxTransfer.Internals.AtomicFile.RequireWritable", .. FileWriters.AllowedOfTool.Keys] : FileWriters.Allowed.Keys.Where(name => FileWriters.AssemblyOf(name) == assembly);
        Assert.Equal(expected.Order(), writers.Order());
    }
}
