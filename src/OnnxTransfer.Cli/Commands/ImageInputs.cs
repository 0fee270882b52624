namespace OnnxTransfer.Cli.Commands;

/// <summary>The images that a command line names, in its order.</summary>
/// <param name="Images">The images. Those of a list are read from it when they are taken, so they can be taken once.</param>
/// <param name="Count">Their number; null where a list is a pipe.</param>
/// <param name="Unused">The other files of the folders.</param>
/// <param name="Folders">The folders that were named, and those that patterns begin in, as they were typed; empty for the current one.</param>
internal sealed record ImageInputs(IEnumerable<ImageInput> Images, long? Count, IReadOnlyList<UnusedFile> Unused, IReadOnlyList<string> Folders)
{
    private static readonly char[] s_separators = [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar];
    private static readonly string[] s_sets = ["train", "training", "val", "valid", "validation", "dev", "test", "testing"];

    /// <summary>Lists folders and patterns now, and a list when its images are taken.</summary>
    /// <param name="inputs">Files, folders and patterns.</param>
    /// <param name="list">A file of paths, or - for standard input; null for none.</param>
    internal static ImageInputs Of(IReadOnlyList<string> inputs, string? list)
    {
        var (images, unused, folders) = (new List<ImageInput>(), new List<UnusedFile>(), new List<string>());
        foreach (var input in inputs)
        {
            var listing = ImageListing.FromPattern(input);
            images.AddRange(listing.Images);
            unused.AddRange(listing.Unused);
            if (Directory.Exists(input)) folders.Add(input);
            else if (!File.Exists(input) && input.AsSpan().IndexOfAny('*', '?', '[') is >= 0 and var wildcard) folders.Add(input[..(input.AsSpan(0, wildcard).LastIndexOfAny(s_separators) + 1)]);
        }

        if (list is null) return new ImageInputs(images, images.Count, unused, folders);
        var paths = new PathList(list);
        return new ImageInputs(images.Concat(paths.Read().Select(ImageInput.FromFile)), images.Count + paths.Count(), unused, folders);
    }

    /// <summary>The images as a list in memory.</summary>
    internal ImageInputs Gathered() => Images is IReadOnlyList<ImageInput> ? this : this with { Images = [.. Images] };

    /// <summary>
    /// The class of an image by its path: in a folder of class folders the class folder, which may be in a folder of a set; in one of
    /// several folders that were named, or for a path that was named by itself, the folder it is in. Null where there is no such folder.
    /// </summary>
    internal string? LabelOf(string path)
    {
        foreach (var folder in Folders)
        {
            if (!IsIn(folder, path)) continue;
            var names = path[folder.Length..].Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
            return names.Length switch
            {
                1 when Folders.Count == 1 => null,
                1 => Parent(path),
                > 2 when s_sets.Contains(names[0], StringComparer.OrdinalIgnoreCase) => names[1],
                _ => names[0],
            };
        }

        return Parent(path);
    }

    /// <summary>The paths of a listing begin with the folder as it was typed.</summary>
    private static bool IsIn(string folder, string path) =>
        path.StartsWith(folder, StringComparison.Ordinal)
        && (folder.Length == 0 ? !Path.IsPathRooted(path) : Path.EndsInDirectorySeparator(folder) || (path.Length > folder.Length && s_separators.Contains(path[folder.Length])));

    private static string? Parent(string path) => Path.GetFileName(Path.GetDirectoryName(path)) is { Length: > 0 } parent && parent is not ("." or "..") ? parent : null;
}
