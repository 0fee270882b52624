namespace OnnxTransfer.Internals;

/// <summary>Opens files that a caller named; errors contain the name.</summary>
internal static class InputFile
{
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It is a folder, or may not be read.</exception>
    internal static FileStream OpenRead(string path)
    {
        if (Directory.Exists(path)) Throw.FileIsAFolder(path);
        if (!File.Exists(path)) Throw.FileNotFound(path);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Throw.FileUnreadable(path, exception);
        }
    }

    /// <inheritdoc cref="OpenRead"/>
    internal static byte[] ReadAllBytes(string path)
    {
        using var stream = OpenRead(path);
        if (stream.Length > Array.MaxLength) throw Throw.FileUnreadable(path, new IOException($"it has {stream.Length} bytes, more than fit in memory at once"));
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
