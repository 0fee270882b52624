namespace OnnxTransfer.Internals;

/// <summary>Files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(string, Action{Stream})"/>
    internal static void Write(string path, byte[] content) => Write(path, stream => stream.Write(content));

    /// <summary>Writes beside the target, flushes to the disk and renames over it.</summary>
    internal static void Write(string path, Action<Stream> write)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>A name no other process uses, in the folder of <paramref name="path"/>, since a rename works only within one volume.</summary>
    internal static string TemporaryBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}.tmp");
}
