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
    /// The path of a file that a model names, which may not exist; null where the name is no path, or leads out of the model's folder by itself or by a
    /// link. A model may come from anywhere, and must not choose what is read. Where the model itself is a link, as in the cache of the Hugging
    /// Face hub, links may also lead to the folder of its target.
    /// </summary>
    /// <param name="model">The path of the model.</param>
    /// <param name="name">The name of the file, relative to the model's folder.</param>
    internal static string? BesideModel(string model, string name)
    {
        // .NET refuses a path with this character in words of its own.
        if (name.Contains('\0', StringComparison.Ordinal)) return null;
        var folder = Path.GetDirectoryName(Path.GetFullPath(model))!;
        var path = Path.GetFullPath(Path.Combine(folder, name));
        return IsBelow(folder, path) && Of(path) is var real && (IsBelow(Of(folder), real) || IsBelow(Path.GetDirectoryName(Of(model))!, real)) ? path : null;
    }

    private static bool IsBelow(string folder, string path) => path.StartsWith(folder.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
