namespace OnnxTransfer.Internals;

/// <summary>Paths that are named relative to a folder, so that machines may have the folder in different places.</summary>
internal static class PathBelow
{
    /// <summary>The path relative to the folder, with '/'; <c>.</c> for the folder itself, and null for a path outside of it.</summary>
    internal static string? Of(string folder, string path)
    {
        var relative = Path.GetRelativePath(Path.GetFullPath(folder), Path.GetFullPath(path)).Replace(Path.DirectorySeparatorChar, '/');
        return relative == ".." || relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? null : relative;
    }
}
