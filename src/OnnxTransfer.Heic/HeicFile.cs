namespace OnnxTransfer.Heic;

/// <summary>
/// The bytes of an image in a file of its own, since ImageMagick reads HEIC from files alone: from memory it would write one itself, for
/// the header and for the pixels each. The file keeps its name until the decode is over, because ImageMagick's policies look at the name.
/// </summary>
internal sealed class HeicFile : IDisposable
{
    private HeicFile(string path) => Path = path;

    internal string Path { get; }

    /// <summary>Writes a new file that its owner alone may read.</summary>
    /// <exception cref="ImageDecodeException">The folder for temporary files cannot be written to.</exception>
    internal static HeicFile Write(ReadOnlySpan<byte> bytes)
    {
        var file = new HeicFile(System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"onnxtransfer-{Guid.NewGuid():N}.heic"));
        // Never a file that somebody else has put there.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using var stream = new FileStream(file.Path, options);
            stream.Write(bytes);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw HeicErrors.NoTemporaryFile(exception);
        }
    }

    public void Dispose()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is none, or a virus scanner holds it; the system cleans the folder.
        }
    }
}
