namespace OnnxTransfer.Datasets;

/// <summary>Lists folders and image files in an order that does not depend on the file system.</summary>
internal static class ImageFiles
{
    private static readonly HashSet<string> s_extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".avif", ".heic", ".heif",
    };

    /// <summary>The names of the visible folders directly in <paramref name="path"/>, in ordinal order.</summary>
    internal static IReadOnlyList<string> FoldersIn(string path) =>
        [.. new DirectoryInfo(path).EnumerateDirectories().Where(IsVisible).Select(folder => folder.Name).Order(StringComparer.Ordinal)];

    /// <summary>The paths of the visible images at any depth, in ordinal order of the path below the folder, written with '/'.</summary>
    internal static IReadOnlyList<string> Below(string path)
    {
        var found = new List<(string Key, string Path)>();
        var real = RealPath(path);
        Collect(new DirectoryInfo(path), "", path, [real], found);
        found.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return [.. found.Select(one => one.Path)];
    }

    /// <param name="folder">The folder to list.</param>
    /// <param name="key">Its path below the start, with '/' at the end unless empty.</param>
    /// <param name="path">Its path as the caller will see it.</param>
    /// <param name="chain">The real paths of the folders that lead here, this one last: a link to one of them is a loop.</param>
    /// <param name="found">Receives the images.</param>
    private static void Collect(DirectoryInfo folder, string key, string path, List<string> chain, List<(string Key, string Path)> found)
    {
        foreach (var item in folder.EnumerateFileSystemInfos())
        {
            if (!IsVisible(item)) continue;
            var itemPath = Path.Combine(path, item.Name);
            if (item is not DirectoryInfo child)
            {
                if (s_extensions.Contains(item.Extension)) found.Add((key + item.Name, itemPath));
                continue;
            }

            var real = child.LinkTarget is null ? Path.Combine(chain[^1], child.Name) : RealPath(child.FullName);
            if (chain.Contains(real)) continue;
            chain.Add(real);
            Collect(child, $"{key}{child.Name}/", itemPath, chain, found);
            chain.RemoveAt(chain.Count - 1);
        }
    }

    private static bool IsVisible(FileSystemInfo item) => item.Name[0] != '.' && (item.Attributes & FileAttributes.Hidden) == 0;

    /// <summary>The path without any link in it, so that two ways to the same folder compare equal.</summary>
    private static string RealPath(string path)
    {
        var full = Path.GetFullPath(path);
        var current = Path.GetPathRoot(full)!;
        foreach (var name in full[current.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = new DirectoryInfo(Path.Combine(current, name));
            current = next.ResolveLinkTarget(returnFinalTarget: true) is { } target ? RealPath(target.FullName) : next.FullName;
        }

        return current;
    }
}
