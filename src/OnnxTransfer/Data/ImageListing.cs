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
}
