using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones.Hub;

/// <summary>
/// One repository in the cache that all tools of the Hugging Face hub share: <c>blobs/TAG</c> are the contents, <c>snapshots/COMMIT/FILE</c>
/// links to them, <c>refs/REVISION</c> the commit of a branch or tag, and <c>.no_exist/COMMIT/FILE</c> the files that a commit does not have.
/// </summary>
internal sealed class HubCache(string folder, string repository)
{
    private readonly string _name = "models--" + repository.Replace("/", "--", StringComparison.Ordinal);

    private string Root => Path.Combine(folder, _name);

    internal string BlobPath(string tag) => Path.Combine(Root, "blobs", tag);

    internal string PartialPath(string tag) => BlobPath(tag) + ".incomplete";

    internal string LockPath(string tag) => Path.Combine(folder, ".locks", _name, tag + ".lock");

    internal string SnapshotPath(string commit, string file) => Path.Combine(Root, "snapshots", commit, file);

    /// <summary>The commit of a revision at its last use; null where it was never used.</summary>
    internal string? CommitOf(string revision)
    {
        if (HubId.IsCommit(revision)) return revision;
        var path = Path.Combine(Root, "refs", revision);
        return File.Exists(path) && File.ReadAllText(path).Trim() is var commit && HubId.IsCommit(commit) ? commit : null;
    }

    /// <summary>A file of a commit; null where the cache does not have it.</summary>
    internal string? Find(string commit, string file) => SnapshotPath(commit, file) is var path && Exists(path) ? path : null;

    /// <summary>Whether the hub said that a commit does not have a file.</summary>
    internal bool IsKnownMissing(string commit, string file) => File.Exists(Path.Combine(Root, ".no_exist", commit, file));

    internal void NoteMissing(string commit, string file) => Write(Path.Combine(Root, ".no_exist", commit, file), "");

    internal void NoteCommit(string revision, string commit)
    {
        if (!HubId.IsCommit(revision) && CommitOf(revision) != commit) Write(Path.Combine(Root, "refs", revision), commit);
    }

    /// <summary>Lets a commit's file be a blob.</summary>
    /// <returns>The path of the file.</returns>
    internal string Link(string commit, string file, string tag)
    {
        var path = SnapshotPath(commit, file);
        if (Exists(path)) return path;
        var parent = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(parent);
        try
        {
            // A link to a blob that was deleted is still there.
            File.Delete(path);
            File.CreateSymbolicLink(path, Path.GetRelativePath(parent, BlobPath(tag)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && !Exists(path))
        {
            // Windows allows links to administrators and developers only.
            AtomicFile.Write(path, target =>
            {
                using var blob = File.OpenRead(BlobPath(tag));
                blob.CopyTo(target);
            });
        }

        return path;
    }

    /// <summary>Whether there is a file with content: a link to a blob that was deleted is none.</summary>
    private static bool Exists(string path) => File.Exists(path) && (File.ResolveLinkTarget(path, returnFinalTarget: true)?.Exists ?? true);

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, Encoding.ASCII.GetBytes(text));
    }
}
