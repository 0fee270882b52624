namespace OnnxTransfer.Internals;

/// <summary>Writes files that exist whole or not at all.</summary>
internal static class AtomicFile
{
    /// <inheritdoc cref="Write(string, Action{Stream}, Action{string}?, CancellationToken)"/>
    internal static void Write(string path, byte[] content, Action<string>? check = null, CancellationToken cancellationToken = default) =>
        Write(path, stream => stream.Write(content), check, cancellationToken);

    /// <summary>Writes beside the target, flushes to the disk and renames over it.</summary>
    /// <param name="path">The target.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="check">
    /// Checks the written file, whose path it gets, before the file gets its name. If it throws, the target stays as it was.
    /// </param>
    /// <param name="cancellationToken">Stops before the file gets its name, and leaves the target as it was.</param>
    /// <exception cref="DirectoryNotFoundException">The target's folder does not exist.</exception>
    /// <exception cref="IOException">The target is a folder, or the disk refuses the file.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    internal static void Write(string path, Action<Stream> write, Action<string>? check = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var file = Begin(path);
        write(file.Stream);
        file.Complete(check, cancellationToken);
    }

    /// <summary>Writes a file and the one beside it that describes it, as <see cref="PendingFile.CompleteWith"/> says.</summary>
    /// <param name="path">The target.</param>
    /// <param name="content">Its content.</param>
    /// <param name="descriptionPath">The target beside it.</param>
    /// <param name="description">The content of that.</param>
    /// <inheritdoc cref="Begin" path="/exception"/>
    internal static void WritePair(string path, byte[] content, string descriptionPath, byte[] description)
    {
        using var file = Begin(path);
        file.Stream.Write(content);
        using var beside = Begin(descriptionPath);
        beside.Stream.Write(description);
        file.CompleteWith(beside);
    }

    /// <summary>Begins a file that is written piece by piece; it has its name only once it is complete.</summary>
    /// <param name="path">The target.</param>
    /// <param name="tidy">
    /// Whether what killed writers of this file left is deleted, which reads the whole folder; a caller that writes very many files into
    /// one folder does it once (<see cref="AbandonedFiles.DeleteIn(string)"/>).
    /// </param>
    /// <exception cref="DirectoryNotFoundException">The target's folder does not exist.</exception>
    /// <exception cref="IOException">The target is a folder, or the disk refuses the file.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    internal static PendingFile Begin(string path, bool tidy = true)
    {
        var temporary = FreeNameBeside(path);
        if (tidy) AbandonedFiles.Delete(path);
        return new PendingFile(new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete), path);
    }

    /// <summary>Refuses a target that <see cref="Write(string, Action{Stream}, Action{string}?, CancellationToken)"/> could not write, before the work that makes its content.</summary>
    /// <exception cref="DirectoryNotFoundException">The target's folder does not exist.</exception>
    /// <exception cref="IOException">The target is a folder, or the disk refuses files.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    internal static void RequireWritable(string path)
    {
        var temporary = FreeNameBeside(path);
        try
        {
            new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Throw.TargetNotWritable(path, Path.GetDirectoryName(temporary)!, exception);
        }
    }

    private static string FreeNameBeside(string path)
    {
        var temporary = TemporaryBeside(path);
        if (Directory.Exists(path)) Throw.TargetIsAFolder(path);
        if (!Directory.Exists(Path.GetDirectoryName(temporary))) Throw.TargetFolderNotFound(path, Path.GetDirectoryName(temporary)!);
        return temporary;
    }

    /// <summary>A name no other process uses, in the folder of <paramref name="path"/>, since a rename works only within one volume.</summary>
    internal static string TemporaryBeside(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{AbandonedFiles.Extension}");
}
