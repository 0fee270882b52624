namespace OnnxTransfer.Internals;

/// <summary>Files that are there whole or not at all.</summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(string, Action{Stream}, Action{string}?)"/>
    internal static void Write(string path, byte[] content, Action<string>? check = null) => Write(path, stream => stream.Write(content), check);

    /// <summary>Writes beside the target, flushes to the disk and renames over it.</summary>
    /// <param name="path">The target.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="check">Looks at the written file, whose path it gets, before it has its name; what it throws leaves the target as it was.</param>
    internal static void Write(string path, Action<Stream> write, Action<string>? check = null)
    {
        var temporary = TemporaryBeside(path);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            check?.Invoke(temporary);
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
