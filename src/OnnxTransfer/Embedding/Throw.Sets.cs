using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void SetWithoutImages() => throw new ArgumentException("There is no image, but a feature set needs at least one: check the folder or the list of images.");

    [DoesNotReturn]
    internal static void SetIdTwice(string id) => throw new ArgumentException($"Two images have the id '{id}', but an id names one row of a feature set: list each image once.");

    [DoesNotReturn]
    internal static void SetIdOutsideRoot(string id, string root) =>
        throw new ArgumentException($"The image '{id}' is not below the root '{root}', so it has no path relative to it: name a folder that all images are below.");

    [DoesNotReturn]
    internal static void SetIdNotUnicode(string id) =>
        throw new ArgumentException($"The name '{id}' has half a surrogate pair, which no file of features can hold: rename the file.");

    [DoesNotReturn]
    internal static void SetPartTooLarge(int partSize, int dim, int most) =>
        throw new ArgumentOutOfRangeException(nameof(partSize), partSize, $"A part of {partSize} images with {dim} numbers each does not fit in memory at once: give at most {most} images.");

    [DoesNotReturn]
    internal static void SetPartHasOtherImages(int part) =>
        throw new ArgumentException($"The images given for part {part} are not those that the plan of the feature set has there: plan the set and its parts from one list.");

    internal static ArgumentException SetNetworkIsAnother(string difference) => new($"The plan of the feature set is for another network or preprocessing ({difference}): open that network, or plan the set with this one.");

    internal static InvalidDataException SetManifestInvalid(string folder) =>
        new($"The manifest of the feature set '{folder}' is damaged or of another version: embed the same images into the folder again; sound parts are kept.");

    internal static InvalidDataException SetNotComplete(string folder, int missing, int parts) =>
        new($"The feature set '{folder}' is not complete, because {(missing == 0 ? "its manifest.json is missing, though its parts are there" : $"{missing} of its {parts} parts {(missing == 1 ? "is" : "are")} missing")}: embed the same images into the folder again; sound parts are kept.");

    internal static InvalidDataException NotASet(string folder) => new($"The folder '{folder}' is not a feature set, because it has no manifest.json and no plan.json: name the folder that features were embedded into.");

    internal static InvalidDataException SetPartDamaged(string folder, string part, string problem, int damaged = 1) =>
        new($"The part '{part}' of the feature set '{folder}' {problem}{(damaged > 1 ? $", and {damaged - 1} more are damaged" : "")}: embed the same images into the folder again; sound parts are kept.");

    internal static InvalidDataException SetPartGone(string folder, string part, Exception? inner = null) =>
        new($"The part '{part}' of the feature set '{folder}' is not as it was when the set was opened: if a later run replaced the set, open it again.", inner);

    internal static IOException SetOfAnotherNetwork(string folder, string difference) =>
        new($"The folder '{folder}' has features of another network or preprocessing ({difference}): name another folder, or empty this one.");

    internal static IOException SetOfAnotherPartSize(string folder, int its, int partSize) =>
        new($"The folder '{folder}' has a feature set with {its} images in a part and not {partSize}: give this number, or name another folder.");

    internal static IOException SetOfAnotherList(string folder) =>
        new($"The folder '{folder}' is planned for another list of images, and its other shards may be at work: give every shard the same list, for example a file made once, or name another folder.");

    internal static IOException SetListLacks(string folder, string id, string? label) =>
        new($"The list of images lacks '{id}' {(label is null ? "without a label" : $"of the class '{label}'")}, which the feature set '{folder}' has: add it to the list, or name another folder.");

    internal static IOException SetPlannedAnew(string folder) =>
        new($"Another run planned the feature set '{folder}' for another list of images in the meantime: let one run end before the next begins.");

    internal static IOException MergeOfOtherPlans(string first, string folder, string difference) =>
        new($"The feature sets '{first}' and '{folder}' do not fit together, because the first has {difference}: merge shards of one list, network and part size.");

    internal static IOException MergePartTwice(string part, string first, string second) =>
        new($"The part '{part}' is in '{first}' and in '{second}' with different content: delete its .json in one of them, or name only one of the folders.");

    internal static IOException MergeIntoAnotherSet(string folder) =>
        new($"The folder '{folder}' has another feature set than the shards make: name another folder, or empty this one.");

    internal static InvalidDataException MergeHasGaps(IReadOnlyList<string> gaps, int parts)
    {
        const int Named = 5;
        var named = string.Join(", ", gaps.Take(Named)) + (gaps.Count > Named ? $" and {gaps.Count - Named} more" : "");
        return new InvalidDataException($"No folder has a sound copy of {gaps.Count} of the {parts} parts: {named}: run the shards that make them again, or name the folders that have them.");
    }

    internal static ArgumentException SetOfAnotherExtractor(string folder, string difference) =>
        new($"The feature set '{folder}' was made by another network or preprocessing ({difference}): open the network with the options that the set was made with.");

    [DoesNotReturn]
    internal static void SetRowsOutOfRange(long first, long count, long rows) =>
        throw new ArgumentOutOfRangeException(nameof(first), first, $"The rows {first} to {first + count - 1} are asked for, but the feature set has the rows 0 to {rows - 1}.");

    [DoesNotReturn]
    internal static void SetDestinationNotWholeRows(int length, int dim) =>
        throw new ArgumentException($"The destination has {length} numbers, but a row has {dim}: give room for whole rows.");

    internal static FormatException ShardInvalid(string text) => new($"'{text}' is not a shard: give K/N with K from 1 to N, such as 1/8 for the first of eight.");
}
