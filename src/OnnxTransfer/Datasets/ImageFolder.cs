using OnnxTransfer.Internals;

namespace OnnxTransfer.Datasets;

/// <summary>
/// A folder of photos with one sub-folder per class. Only names are read: whether a file really is an image shows when it
/// is decoded. Classes and images are in ordinal order of their names, the same on every machine.
/// </summary>
/// <remarks>
/// An image is a file ending in jpg, jpeg, png, bmp, gif, webp, tif, tiff, avif, heic or heif, whatever the case. Images
/// deeper below a class folder belong to that class; images directly in the folder belong to none and are left out. Hidden
/// files and folders (a name beginning with a dot, or the hidden attribute) are left out. Links to folders are followed,
/// except one that leads back to a folder it is in.
/// </remarks>
public sealed class ImageFolder
{
    private ImageFolder(string path, IReadOnlyList<string> classes, IReadOnlyList<LabeledImage> images)
    {
        Path = path;
        Classes = classes;
        Images = images;
    }

    /// <summary>The folder, as it was given.</summary>
    public string Path { get; }

    /// <summary>The labels of the C classes: the names of the sub-folders, in ordinal order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The N images, ordered by class and then by their path below the folder.</summary>
    public IReadOnlyList<LabeledImage> Images { get; }

    /// <summary>Lists the classes and images of a folder.</summary>
    /// <param name="path">The folder whose sub-folders are the classes.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="InvalidDataException">There are fewer than two class folders, or a class has no image.</exception>
    public static ImageFolder Open(string path)
    {
        var classFolders = ImageFiles.FoldersIn(Existing(path));
        if (classFolders.Count == 0) Throw.DatasetHasNoClasses(path);
        if (classFolders.Count == 1) Throw.DatasetHasOneClass(path, classFolders[0]);
        var images = new List<LabeledImage>();
        for (var i = 0; i < classFolders.Count; i++)
        {
            var folder = System.IO.Path.Combine(path, classFolders[i]);
            var files = ImageFiles.Below(folder);
            if (files.Count == 0) Throw.ClassHasNoImages(classFolders[i], folder);
            foreach (var file in files) images.Add(new LabeledImage(file, i));
        }

        return new ImageFolder(path, classFolders, images.AsReadOnly());
    }

    /// <summary>All images in a folder and below it, in ordinal order of their paths, without classes.</summary>
    /// <param name="path">Any folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="InvalidDataException">There is no image in it.</exception>
    public static IReadOnlyList<string> ListImages(string path)
    {
        var files = ImageFiles.Below(Existing(path));
        if (files.Count == 0) Throw.FolderHasNoImages(path);
        return files;
    }

    private static string Existing(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (File.Exists(path)) Throw.FolderIsAFile(path);
        if (!Directory.Exists(path)) Throw.FolderNotFound(path);
        return path;
    }
}
