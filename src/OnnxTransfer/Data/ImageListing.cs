using OnnxTransfer.Data;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>The images of a folder, without classes, and the other files in it.</summary>
/// <param name="Images">The images at any depth, in ordinal order of their paths.</param>
/// <param name="Unused">Every other file, with its kind and the reason.</param>
public sealed record ImageListing(IReadOnlyList<ImageInput> Images, IReadOnlyList<UnusedFile> Unused)
{
    /// <summary>The images at any depth, in ordinal order of their paths.</summary>
    public IReadOnlyList<ImageInput> Images { get; init => field = EquatableList.Of(value, nameof(Images)); } = EquatableList.Of(Images);

    /// <summary>Every other file, with its kind and the reason.</summary>
    public IReadOnlyList<UnusedFile> Unused { get; init => field = EquatableList.Of(value, nameof(Unused)); } = EquatableList.Of(Unused);

    /// <summary>Lists a folder as <see cref="ImageDataset.FromFolder"/> does.</summary>
    /// <param name="path">Any folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="DatasetException">There is no image in it.</exception>
    public static ImageListing FromFolder(string path)
    {
        var contents = FolderContents.Of(path);
        if (contents.Images.Count == 0) Throw.FolderHasNoImages(path);
        return new ImageListing([.. contents.Images.Select(image => ImageInput.FromFile(image.Path))], contents.Unused);
    }

    /// <summary>
    /// Lists what a pattern names, as a shell does, on every system: <c>*</c> stands for any letters of a name, <c>?</c> for one,
    /// <c>[a-z]</c> for one of a set (<c>[!a-z]</c> for one outside of it), and <c>**</c> for any folders, also none. A folder that the
    /// pattern names is listed with everything below it. Hidden files and folders are in <see cref="Unused"/> or left out.
    /// </summary>
    /// <param name="pattern">Such as <c>photos/**/*.jpg</c>. A path without a wildcard, or one that exists, is a file or folder of this name.</param>
    /// <exception cref="DirectoryNotFoundException">There is no folder before the first wildcard.</exception>
    /// <exception cref="DatasetException">There is no image that the pattern names.</exception>
    public static ImageListing FromPattern(string pattern)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(pattern);
        if (Directory.Exists(pattern)) return FromFolder(pattern);
        if (!PathPattern.IsOne(pattern) || File.Exists(pattern)) return new ImageListing([pattern], []);
        var parsed = PathPattern.Parse(pattern);
        var isCurrent = parsed.Folder.Length == 0;
        if (!isCurrent && !Directory.Exists(parsed.Folder)) Throw.FolderNotFound(parsed.Folder);
        var contents = FolderContents.Of(isCurrent ? "." : parsed.Folder, parsed);
        if (contents.Images.Count == 0) Throw.PatternNamesNoImage(pattern, contents.Unused.Count);
        return new ImageListing([.. contents.Images.Select(image => ImageInput.FromFile(isCurrent ? image.Key : image.Path))], contents.Unused);
    }
}
