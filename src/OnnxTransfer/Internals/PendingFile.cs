namespace OnnxTransfer.Internals;

/// <summary>A file that is being written beside its target. Without <see cref="Complete"/>, it is deleted and the target stays as it was.</summary>
internal sealed class PendingFile : IDisposable
{
    private readonly string _target;
    private bool _isOpen = true;

    /// <param name="stream">The new file, in the folder of the target.</param>
    /// <param name="target">The name that the file gets.</param>
    internal PendingFile(FileStream stream, string target) => (Stream, _target) = (stream, target);

    /// <summary>The content, to be written and read.</summary>
    internal FileStream Stream { get; }

    /// <summary>Flushes the content to the disk and gives the file its name.</summary>
    /// <param name="check">Checks the written file, whose path it gets, before the file gets its name.</param>
    /// <param name="cancellationToken">Stops before the file gets its name.</param>
    internal void Complete(Action<string>? check = null, CancellationToken cancellationToken = default)
    {
        Stream.Flush(flushToDisk: true);
        // Held until the file has its name, so that nobody takes it for a file whose writer is gone.
        using var hold = new FileStream(Stream.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        Stream.Dispose();
        cancellationToken.ThrowIfCancellationRequested();
        check?.Invoke(Stream.Name);
        cancellationToken.ThrowIfCancellationRequested();
        File.Move(Stream.Name, _target, overwrite: true);
        _isOpen = false;
    }

    /// <summary>
    /// Gives two whole files their names, this one and the one that describes it. Both are on the disk before either has its name, and an
    /// older description is gone before: whenever the process ends, no file has the description of another.
    /// </summary>
    /// <param name="description">The file beside this one.</param>
    internal void CompleteWith(PendingFile description)
    {
        description.Stream.Flush(flushToDisk: true);
        Complete(_ => File.Delete(description._target));
        description.Complete();
    }

    public void Dispose()
    {
        if (!_isOpen) return;
        _isOpen = false;
        try
        {
            Stream.Dispose();
        }
        catch (IOException)
        {
            // A full disk refuses what was still to be written, which nobody wants any more; the file is closed all the same.
        }

        File.Delete(Stream.Name);
    }
}
