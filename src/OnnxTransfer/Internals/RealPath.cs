namespace OnnxTransfer.Internals;

/// <summary>Paths without links, so that two ways to the same file compare equal and no link leads out of a folder unseen.</summary>
internal static class RealPath
{
    /// <summary>The absolute path with every link in it followed.</summary>
    /// <exception cref="IOException">The links form a circle.</exception>
    internal static string Of(string path)
    {
        var full = Path.GetFullPath(path);
        var current = Path.GetPathRoot(full)!;
        foreach (var name in full[current.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var next = new DirectoryInfo(Path.Combine(current, name));
            current = next.LinkTarget is not null && next.ResolveLinkTarget(returnFinalTarget: true) is { } target ? Of(target.FullName) : next.FullName;
        }

        return current;
    }

    /// <summary>
    /// Whether a file that a model names really lies below the model's folder, all links followed. Where the model itself is a link, as in the
    /// cache of the Hugging Face hub, the folder of its target counts as well.
    /// </summary>
    internal static bool IsBelowFolderOf(string model, string path) =>
        Of(path) is var real && (IsBelow(Of(Path.GetDirectoryName(Path.GetFullPath(model))!), real) || IsBelow(Path.GetDirectoryName(Of(model))!, real));

    private static bool IsBelow(string folder, string path) => path.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
