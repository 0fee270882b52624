using OnnxTransfer.Internals;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Internals;

/// <summary>Hashing, opening and locking of files: what a caller learns about a file that cannot be used.</summary>
public sealed class FileAccessTests : IDisposable
{
    // FIPS 180-2, appendix B.1: SHA-256 of "abc".
    private const string HashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_hash_of_bytes_and_of_their_file_are_the_published_one()
    {
        var path = _folder.File("abc");
        File.WriteAllBytes(path, "abc"u8);
        Assert.Equal(HashOfAbc, FileHash.Sha256("abc"u8.ToArray()));
        Assert.Equal(HashOfAbc, await FileHash.Sha256Async(path, default));
    }

    [Fact]
    public async Task A_hash_says_which_file_could_not_be_read()
    {
        await Assert.ThrowsAsync<FileNotFoundException>(() => FileHash.Sha256Async(_folder.File("absent"), default));
        var folder = await Assert.ThrowsAnyAsync<IOException>(() => FileHash.Sha256Async(_folder.Path, default));
        Assert.StartsWith($"'{_folder.Path}' could not be read: ", folder.Message, StringComparison.Ordinal);
        using var held = Held(out var path);
        var locked = await Assert.ThrowsAsync<IOException>(() => FileHash.Sha256Async(path, default));
        Assert.StartsWith($"'{path}' could not be read: ", locked.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(locked.InnerException);
    }

    [Fact]
    public void A_file_is_read_whole()
    {
        var path = _folder.File("input");
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Equal([1, 2, 3], InputFile.ReadAllBytes(path));
        File.WriteAllBytes(path, []);
        Assert.Equal([], InputFile.ReadAllBytes(path));
    }

    [Fact]
    public void An_input_that_is_no_readable_file_is_named()
    {
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => InputFile.OpenRead(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Equal(_folder.File("absent"), Assert.Throws<FileNotFoundException>(() => InputFile.OpenRead(_folder.File("absent"))).FileName);
        using var held = Held(out var path);
        var locked = Assert.Throws<IOException>(() => InputFile.OpenRead(path));
        Assert.StartsWith($"'{path}' could not be read: ", locked.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_larger_than_an_array_is_refused_before_memory_is_taken()
    {
        var path = _folder.File("large");
        using (var file = File.Create(path)) file.SetLength(Array.MaxLength + 1L);
        var error = Assert.Throws<IOException>(() => InputFile.ReadAllBytes(path));
        Assert.Contains($"it has {Array.MaxLength + 1L} bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_is_held_by_one_and_passes_on_when_it_is_let_go()
    {
        var path = _folder.File("lock");
        var first = await FileLock.AcquireAsync(path, default);
        var second = FileLock.AcquireAsync(path, default);
        await Task.Delay(150);
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await using (await second.WaitAsync(TimeSpan.FromSeconds(30))) Assert.True(File.Exists(path));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Waiting_for_a_lock_ends_when_the_caller_cancels()
    {
        var path = _folder.File("lock");
        await using var held = await FileLock.AcquireAsync(path, default);
        using var source = new CancellationTokenSource();
        var waiting = FileLock.AcquireAsync(path, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
        await Assert.ThrowsAsync<OperationCanceledException>(() => FileLock.AcquireAsync(_folder.File("free"), source.Token));
        Assert.False(File.Exists(_folder.File("free")));
    }

    [Fact]
    public async Task A_lock_in_a_missing_folder_fails_instead_of_waiting() =>
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() =>
            FileLock.AcquireAsync(Path.Combine(_folder.Path, "absent", "lock"), default).WaitAsync(TimeSpan.FromSeconds(30)));

    private FileStream Held(out string path)
    {
        path = _folder.File("held");
        return new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
    }
}
