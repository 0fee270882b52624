using OnnxTransfer.Data;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Data;

public sealed class FolderContentsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_empty_file_and_a_text_have_their_own_reasons()
    {
        File.WriteAllText(_folder.File("empty"), "");
        File.WriteAllText(_folder.File("text"), "text");
        Assert.Equal(["The file is empty.", "The file is text."], FolderContents.Of(_folder.Path).Unused.Select(file => file.Reason));
    }

    [UnixFact]
    public void A_link_to_nothing_through_another_link_is_broken()
    {
        File.CreateSymbolicLink(_folder.File("b"), _folder.File("absent"));
        File.CreateSymbolicLink(_folder.File("a"), _folder.File("b"));
        var contents = FolderContents.Of(_folder.Path);
        Assert.Equal([UnusedKind.BrokenLink, UnusedKind.BrokenLink], contents.Unused.Select(file => file.Kind));
        Assert.All(contents.Unused, file => Assert.Equal("The link leads to no file.", file.Reason));
    }

    [UnixFact]
    public void A_link_to_the_folder_it_is_in_is_a_loop()
    {
        Directory.CreateSymbolicLink(_folder.File("loop"), _folder.Path);
        Assert.Equal("The link leads back to a folder that it is in.", Assert.Single(FolderContents.Of(_folder.Path).Unused).Reason);
    }

    [Fact]
    public void A_file_that_another_program_writes_is_read_and_one_that_it_locks_is_listed()
    {
        var (shared, locked) = (_folder.File("shared"), _folder.File("locked"));
        File.WriteAllText(shared, "text");
        File.WriteAllText(locked, "text");
        using var writes = new FileStream(shared, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        using var locks = new FileStream(locked, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal([UnusedKind.Unreadable, UnusedKind.Text], FolderContents.Of(_folder.Path).Unused.Select(file => file.Kind));
    }

    [Fact]
    public void A_pattern_that_backtracks_without_end_is_refused_with_the_image()
    {
        File.WriteAllBytes(_folder.File(new string('a', 60) + ".jpg"), []);
        var error = Assert.Throws<DatasetException>(() => ImageDataset.FromPattern(_folder.Path, "(?<label>(a+)+)$"));
        Assert.Contains("takes longer than a second on", error.Message, StringComparison.Ordinal);
    }
}
