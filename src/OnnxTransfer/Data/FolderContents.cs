using System.IO.Enumeration;
using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Data;

/// <summary>An image file below a folder.</summary>
/// <param name="Key">Its path below the folder, written with '/'.</param>
/// <param name="Path">Its path as the caller sees it.</param>
internal readonly record struct FoundImage(string Key, string Path);

/// <summary>All files below a folder, in an order that does not depend on the file system. Every file is an image or unused.</summary>
internal sealed class FolderContents
{
    private static readonly EnumerationOptions s_everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

    private readonly List<UnusedFile> _unused = [];
    private readonly List<FoundImage> _images = [];
    private readonly List<(FoundImage File, bool MayBeSpecial)> _doubtful = [];
    private readonly List<string> _folders = [];

    private FolderContents(string path, PathPattern? pattern)
    {
        Collect(path, "", [RealPath.Of(path)], pattern?.Start());
        InspectDoubtful();
        Folders = [.. _folders.Order(StringComparer.Ordinal)];
        Images = [.. _images.OrderBy(image => image.Key, StringComparer.Ordinal)];
        Unused = [.. _unused.OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>The visible folders at any depth: their paths below the folder, written with '/', in ordinal order.</summary>
    internal IReadOnlyList<string> Folders { get; }

    /// <summary>The images at any depth, in ordinal order of their keys.</summary>
    internal IReadOnlyList<FoundImage> Images { get; }

    /// <summary>Everything else, in ordinal order of the paths.</summary>
    internal IReadOnlyList<UnusedFile> Unused { get; }

    /// <summary>Lists a folder. Files whose names promise an image are not opened; of the others the first bytes are read.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    internal static FolderContents Of(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (File.Exists(path)) Throw.FolderIsAFile(path);
        if (!Directory.Exists(path)) Throw.FolderNotFound(path);
        return new FolderContents(path, pattern: null);
    }

    /// <summary>Lists what a pattern names: files, and folders with all their content. Other folders are not opened, other files are not unused.</summary>
    /// <param name="path">The folder that the pattern begins in.</param>
    /// <param name="pattern">The pattern below it.</param>
    internal static FolderContents Of(string path, PathPattern pattern) => new(path, pattern);

    /// <summary>The names of the visible folders directly in <paramref name="folder"/>, a path of <see cref="Folders"/> or empty.</summary>
    internal IReadOnlyList<string> FoldersIn(string folder)
    {
        var prefix = folder.Length == 0 ? "" : folder + "/";
        return [.. Folders.Where(one => one.StartsWith(prefix, StringComparison.Ordinal)).Select(one => one[prefix.Length..]).Where(rest => rest.Length > 0 && !rest.Contains('/', StringComparison.Ordinal))];
    }

    /// <param name="path">The folder as the caller sees it.</param>
    /// <param name="prefix">Its path below the start, with '/' at the end unless empty.</param>
    /// <param name="chain">The real paths of the folders that lead here, this one last: a link to one of them is a loop.</param>
    /// <param name="wanted">What is looked for in this folder; null for everything.</param>
    private void Collect(string path, string prefix, List<string> chain, PathPattern.Place? wanted)
    {
        foreach (var item in ItemsOf(path))
        {
            var inside = wanted?.Next(item.Name);
            if (inside is { IsNamed: false } && !(item.IsFolder && inside.LeadsOn && !IsHidden(item))) continue;
            var itemPath = Path.Combine(path, item.Name);
            var found = new FoundImage(prefix + item.Name, itemPath);
            // The name that .NET shows for bytes that are not UTF-8 opens no file.
            if (item.Name.Contains('\uFFFD', StringComparison.Ordinal) && !Path.Exists(itemPath))
                Leave(itemPath, UnusedKind.UnreadableName, $"The {(item.IsFolder ? "folder's" : "file's")} name is not UTF-8, so .NET cannot open it: rename it, for example with `convmv -f latin1 -t utf8 --notest`.");
            else if (IsHidden(item)) Leave(itemPath, UnusedKind.Hidden, FileTypes.Reason(UnusedKind.Hidden));
            else if (item.IsFolder) Enter(item, found, chain, inside is { IsNamed: false } ? inside : null);
            else if (item.IsLink && !LeadsToFile(itemPath)) Leave(itemPath, UnusedKind.BrokenLink, "The link leads to no file.");
            else if (item.IsLink || item.Length == 0) _doubtful.Add((found, MayBeSpecial: true));
            else if (FileTypes.PromisesImage(item.Name)) _images.Add(found);
            else _doubtful.Add((found, MayBeSpecial: false));
        }
    }

    private void Enter(Item item, FoundImage folder, List<string> chain, PathPattern.Place? wanted)
    {
        var real = item.IsLink ? RealPath.Of(folder.Path) : Path.Combine(chain[^1], item.Name);
        if (chain.Contains(real))
        {
            Leave(folder.Path, UnusedKind.BrokenLink, "The link leads back to a folder that it is in.");
            return;
        }

        _folders.Add(folder.Key);
        chain.Add(real);
        Collect(folder.Path, folder.Key + "/", chain, wanted);
        chain.RemoveAt(chain.Count - 1);
    }

    private List<Item> ItemsOf(string path)
    {
        var items = new List<Item>();
        try
        {
            items.AddRange(new FileSystemEnumerable<Item>(path, ToItem, s_everything));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            Leave(path, UnusedKind.Unreadable, $"The folder could not be listed: {(exception is UnauthorizedAccessException ? "access is denied." : Throw.OneLine(exception.Message))}");
        }

        return items;
    }

    private static Item ToItem(ref FileSystemEntry entry)
    {
        var isFolder = entry.IsDirectory;
        var attributes = entry.Attributes;
        return new Item(
            entry.FileName.ToString(), isFolder, (attributes & FileAttributes.ReparsePoint) != 0, (attributes & FileAttributes.Hidden) != 0, isFolder ? 0 : entry.Length);
    }

    /// <summary>
    /// Decides the kind of files whose names do not show it, and of entries that may not be files: links, and entries without a length.
    /// </summary>
    private void InspectDoubtful()
    {
        var outcomes = new UnusedFile?[_doubtful.Count];
        Parallel.For(0, outcomes.Length, i => outcomes[i] = Inspect(_doubtful[i].File.Path, _doubtful[i].MayBeSpecial));
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] is { } unused) _unused.Add(unused);
            else _images.Add(_doubtful[i].File);
        }
    }

    /// <summary>Why a file is not used; null for an image.</summary>
    private static UnusedFile? Inspect(string path, bool mayBeSpecial)
    {
        if (mayBeSpecial && SpecialFile.KindOf(path) is { } special) return new UnusedFile(path, UnusedKind.NotAFile, $"This is a {special}, not a file, so it was not opened.");
        if (FileTypes.PromisesImage(path)) return null;
        Span<byte> start = stackalloc byte[FileTypes.SignatureBytes];
        try
        {
            using var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            var read = RandomAccess.Read(handle, start, 0);
            if (FileTypes.KindOf(Path.GetFileName(path), start[..read]) is not { } kind) return null;
            return new UnusedFile(path, kind, read == 0 ? "The file is empty." : FileTypes.Reason(kind));
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return new UnusedFile(path, UnusedKind.Unreadable, Throw.ImageFileUnreadable(path, exception).Reason);
        }
    }

    private static bool LeadsToFile(string link)
    {
        try
        {
            return new FileInfo(link).ResolveLinkTarget(returnFinalTarget: true) is { Exists: true };
        }
        catch (IOException)
        {
            // The links form a circle.
            return false;
        }
    }

    private void Leave(string path, UnusedKind kind, string reason) => _unused.Add(new UnusedFile(path, kind, reason));

    /// <summary>Files that systems leave in folders count as hidden: the caches of Windows, and the folder of macOS in archives.</summary>
    private static bool IsHidden(Item item) =>
        item.IsHidden || item.Name[0] == '.' || item.Name.ToLowerInvariant() is "thumbs.db" or "desktop.ini" or "__macosx";

    private readonly record struct Item(string Name, bool IsFolder, bool IsLink, bool IsHidden, long Length);
}
