namespace OnnxTransfer.Heic;

/// <summary>
/// A temporary file with the bytes of one image. ImageMagick reads HEIC only from files; given bytes in memory, it would write two files
/// itself, one for the header and one for the pixels. The file keeps its name until the decode is over, because ImageMagick's policies
/// check the name.
/// </summary>
internal sealed class HeicFile : IDisposable
{
    private HeicFile(string path) => Path = path;

    internal string Path { get; }

    /// <summary>Writes a new file that only its owner can read.</summary>
    /// <exception cref="ImageDecodeException">The folder for temporary files cannot be written to.</exception>
    internal static HeicFile Write(ReadOnlySpan<byte> bytes)
    {
        var file = new HeicFile(System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"onnxtransfer-{Guid.NewGuid():N}.heic"));
        // Do not write to a file that another user has put there.
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
            // The file does not exist, or a virus scanner has it open. The system cleans the folder.
        }
    }
}
