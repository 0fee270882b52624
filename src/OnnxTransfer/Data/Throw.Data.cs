using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void FolderNotFound(string path) =>
        throw new DirectoryNotFoundException($"There is no folder '{path}' (looked for {Path.GetFullPath(path)}): check the path.");

    [DoesNotReturn]
    internal static void FolderIsAFile(string path) =>
        throw new DirectoryNotFoundException($"'{path}' is a file, but a folder of images is needed.");

    [DoesNotReturn]
    internal static void DatasetHasNoClasses(string path) =>
        throw new DatasetException($"The folder '{path}' has no sub-folders; put the images of each class into a sub-folder named after the class.");

    [DoesNotReturn]
    internal static void DatasetHasOneClass(string source, string label) =>
        throw new DatasetException($"'{source}' has only one class, '{label}'; a classifier needs at least two classes to tell apart.");

    [DoesNotReturn]
    internal static void ClassHasNoImages(string label, string path) =>
        throw new DatasetException($"The class '{label}' has no image in '{path}'; add images to the folder or remove it.");

    [DoesNotReturn]
    internal static void FolderHasNoImages(string path) =>
        throw new DatasetException($"There is no image in the folder '{path}' or below it; the formats that OnnxTransfer reads are {Decoding.ImageFormats.Known}.");

    [DoesNotReturn]
    internal static void PatternNamesNoImage(string pattern, int others) =>
        throw new DatasetException($"'{pattern}' names no image{(others == 0 ? "" : others == 1 ? ", but one other file" : $", but {others} other files")}: check the path and the wildcards (* ? [a-z] within a name, ** for any folders).");

    [DoesNotReturn]
    internal static void DatasetHasNoImages(string source) =>
        throw new DatasetException($"There is no labeled image in '{source}'; give at least one image with its class.");

    [DoesNotReturn]
    internal static void SplitFoldersHaveNoClasses(string path, string folder) =>
        throw new DatasetException($"The sub-folders of '{path}' are named as sets of images, but '{folder}' has no class folders; put the images of each class into a sub-folder such as '{folder}/CLASS', or give a folder of class folders.");

    [DoesNotReturn]
    internal static void SplitFoldersAndOthers(string path, IEnumerable<string> splits, IEnumerable<string> others) =>
        throw new DatasetException($"'{path}' has the sets {string.Join(", ", splits)}, and beside them the folders {string.Join(", ", others.Take(5))}; move the folders that are no sets away, or give a folder that has only class folders.");

    [DoesNotReturn]
    internal static void SplitFolderTwice(string path, string first, string second, string split) =>
        throw new DatasetException($"'{path}' has two folders for the {split} set, '{first}' and '{second}'; keep one of them.");

    [DoesNotReturn]
    internal static void SplitWithoutTraining(string path) =>
        throw new DatasetException($"'{path}' has no training set: name one of its folders 'train'.");

    [DoesNotReturn]
    internal static void ClassesDiffer(string first, string second, IReadOnlyCollection<string> missing, IReadOnlyCollection<string> unknown)
    {
        var parts = new List<string>();
        if (missing.Count > 0) parts.Add($"'{second}' lacks {Some(missing)}");
        if (unknown.Count > 0) parts.Add($"'{first}' lacks {Some(unknown)}");
        throw new DatasetException($"The classes of '{first}' and '{second}' differ: {string.Join(", and ", parts)}; both must have the same classes.");
    }

    [DoesNotReturn]
    internal static void SetGivenTwice(string source, string set) =>
        throw new ArgumentException($"'{source}' has a {set} set of its own already; give a dataset without one.");

    [DoesNotReturn]
    internal static void SetHasSplits(string source, string set) =>
        throw new ArgumentException($"'{source}' is itself divided into sets, so it cannot be the {set} set; give only the folder or table of that set.");

    [DoesNotReturn]
    internal static void SplitsIncomplete(string source, string first, int without, int count) =>
        throw new DatasetException($"{without} of the {count} images of '{source}' have no set (the first is {first}), but the other images have one; give every image a set, or no image.");

    [DoesNotReturn]
    internal static void SplitOfSplitData(string source, string split) =>
        throw new ArgumentException($"'{source}' is already divided into sets, so it cannot be split again: leave out the split {split}.");

    [DoesNotReturn]
    internal static void SplitOfGivenSet(string source, string split, string set) =>
        throw new ArgumentException($"'{source}' has a {set} set of its own, but the split {split} takes a second one from the training images: write 0 for the {set} percentage.");

    [DoesNotReturn]
    internal static void PatternNotUsable(string pattern, string why, Exception? inner = null) =>
        throw new ArgumentException($@"The pattern '{pattern}' cannot be used: {why} Write a regular expression with a group named label, such as (?<label>[^/]+)_\d+\.jpg$", inner);

    internal static DatasetException PatternSplitUnknown(string set, string path) =>
        new($"The pattern's group split matches '{set}' in '{path}', but a set must be train, validation or test.");

    internal static DatasetException PatternTooSlow(string pattern, string path, Exception inner) =>
        new($"The pattern '{pattern}' takes longer than a second on '{path}': remove repetitions inside of repetitions, such as (a+)+.", inner);

    [DoesNotReturn]
    internal static void PatternMatchesNothing(string pattern, string folder, string example) =>
        throw new DatasetException($"The pattern '{pattern}' matches none of the images in '{folder}'. The first image is '{example}': a pattern must match such a path, relative to the folder and with '/'.");

    [DoesNotReturn]
    internal static void TableIsNoOrdinaryFile(string path, string kind) =>
        throw new DatasetException($"'{path}' is a {kind}, not a file, so it was not opened: give a file.");

    [DoesNotReturn]
    internal static void DataUnknown(string path) =>
        throw new ArgumentException($"'{path}' is neither a folder nor a table: give a folder, or a table that ends in .csv, .tsv or .jsonl.");

    [DoesNotReturn]
    internal static void ColumnsOfFolder(string path) =>
        throw new ArgumentException($"'{path}' is a folder, which has no columns: leave out the column names, or give a table that ends in .csv, .tsv or .jsonl.");

    [DoesNotReturn]
    internal static void SetEmpty(string source, string set) =>
        throw new DatasetException($"'{source}' has no image in its {set} set.");

    [DoesNotReturn]
    internal static void TableEmpty(string path) =>
        throw new DatasetException($"{path} has no header: write the column names into its first line.");

    [DoesNotReturn]
    internal static void TableHasNoRows(string path) =>
        throw new DatasetException($"{path} has no row with an image and a label.");

    [DoesNotReturn]
    internal static void TableNotUtf8(string path, Exception inner) =>
        throw new DatasetException($"{path} is not UTF-8: save it as UTF-8 (in Excel, 'CSV UTF-8').", inner);

    [DoesNotReturn]
    internal static void TableMalformed(string path, int line, string what) =>
        throw new DatasetException($"{path}:{line}: {what}");

    [DoesNotReturn]
    internal static void ColumnNotFound(string path, int line, string name, IEnumerable<string> columns) =>
        throw new DatasetException($"{path}:{line}: there is no column '{name}'; the columns are {Known(name, columns, 20)}.");

    [DoesNotReturn]
    internal static void ColumnNotGuessed(string path, int line, string what, IEnumerable<string> tried, IEnumerable<string> columns) =>
        throw new DatasetException($"{path}:{line}: could not guess the column of the {what}, because no column is named {string.Join(", ", tried)}; name one of {string.Join(", ", columns)}.");

    [DoesNotReturn]
    internal static void ColumnTwice(string path, int line, string name) =>
        throw new DatasetException($"{path}:{line}: two columns are named '{name}'; rename one of them.");

    [DoesNotReturn]
    internal static void LabelFileNotFound(string path) =>
        throw new InvalidDataException($"There is no label file at '{path}': place a text file there with one label per line, in class order, or set the card's 'labels' to 'imagenet-1k' or to null.");

    [DoesNotReturn]
    internal static void LabelCountDiffers(string origin, int found, int wanted) =>
        throw new InvalidDataException($"{origin} has {found} labels, but the network has {wanted} classes: correct the card's 'count' or its 'labels'.");

    [DoesNotReturn]
    internal static void SplitNotUsable(string split) =>
        throw new ArgumentException($"The split '{split}' cannot be used; write the percentages for training, validation and test as 80/10/10 or 80/0/20: three numbers that add up to 100, the first above 0.");

    [DoesNotReturn]
    internal static void TooManyImagesSkipped(IEnumerable<(string Id, string Reason)> skipped, int count, int imageCount, double maxBad)
    {
        var list = string.Concat(skipped.Select(one => $"{Environment.NewLine}  {one.Id}: {one.Reason}"));
        throw new DatasetException(string.Create(
            CultureInfo.InvariantCulture,
            $"{count} of {imageCount} images cannot be used, but at most {(int)(maxBad * imageCount)} may be (a share of {maxBad:0.####}); repair or remove these images, or raise the limit (--max-bad, TrainingPlan.MaxBad):{list}"));
    }
}
