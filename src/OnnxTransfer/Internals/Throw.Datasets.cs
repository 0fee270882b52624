using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void FolderNotFound(string path) =>
        throw new DirectoryNotFoundException($"There is no folder '{path}' (looked for {Path.GetFullPath(path)}).");

    [DoesNotReturn]
    internal static void FolderIsAFile(string path) =>
        throw new DirectoryNotFoundException($"'{path}' is a file, but a folder of images is needed.");

    [DoesNotReturn]
    internal static void DatasetHasNoClasses(string path) =>
        throw new InvalidDataException($"The folder '{path}' has no sub-folders; put the images of each class into a sub-folder named after the class.");

    [DoesNotReturn]
    internal static void DatasetHasOneClass(string path, string label) =>
        throw new InvalidDataException($"The folder '{path}' has only one class, '{label}'; a classifier needs at least two sub-folders to tell apart.");

    [DoesNotReturn]
    internal static void ClassHasNoImages(string label, string path) =>
        throw new InvalidDataException($"The class '{label}' has no image in '{path}'; add images to the folder or remove it.");

    [DoesNotReturn]
    internal static void FolderHasNoImages(string path) =>
        throw new InvalidDataException($"There is no image in the folder '{path}' or below it; files ending in jpg, jpeg, png, bmp, gif, webp, tif, tiff, avif, heic or heif are looked for.");

    [DoesNotReturn]
    internal static void LabelFileNotFound(string path) =>
        throw new InvalidDataException($"There is no label file at '{path}': place a text file there with one label per line, in class order, or let the card's 'labels' name the list 'imagenet-1k', or be null.");

    [DoesNotReturn]
    internal static void LabelCountDiffers(string origin, int found, int wanted) =>
        throw new InvalidDataException($"{origin} has {found} labels, but the network has {wanted} classes: correct the card's 'count' or its 'labels'.");

    [DoesNotReturn]
    internal static void LabelEmpty(string origin, int line) =>
        throw new InvalidDataException($"{origin} has an empty label in line {line}.");

    [DoesNotReturn]
    internal static void SplitNotUsable(string split) =>
        throw new ArgumentException($"The split '{split}' cannot be used; write the percentages for training, validation and test as 80/10/10 or 80/0/20: three numbers that add up to 100, the first above 0.");

    [DoesNotReturn]
    internal static void MaxBadNotAShare(string name, double value) =>
        throw new ArgumentOutOfRangeException(name, value, string.Create(CultureInfo.InvariantCulture, $"The share of images that may be unusable must be from 0 (none) to 1 (all), for example 0.05, but is {value}."));

    [DoesNotReturn]
    internal static void TooManyImagesSkipped(IEnumerable<(string Path, string Reason)> skipped, int count, int imageCount, double maxBad)
    {
        var list = string.Concat(skipped.Select(one => $"{Environment.NewLine}  {one.Path}: {one.Reason}"));
        throw new InvalidDataException(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} of {imageCount} images cannot be used, and at most {maxBad:0.####} of them ({(int)(maxBad * imageCount)}) may be; repair or remove them, or raise the limit:{list}"));
    }
}
