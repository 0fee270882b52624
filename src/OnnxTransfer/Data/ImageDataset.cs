using System.Globalization;
using OnnxTransfer.Data;

namespace OnnxTransfer;

/// <summary>
/// Labeled images, on which a classifier is trained and measured. They come from a folder with one sub-folder per class, from a folder
/// of <c>train/</c>, <c>val/</c> and <c>test/</c>, from a table, from the names of files, or from objects.
/// </summary>
/// <example>
/// <code>
/// var photos = ImageDataset.FromFolder("flower_photos");
/// var rows = ImageDataset.FromCsv("labels.csv", image: "path", label: "species", split: "fold");
/// var items = ImageDataset.FromItems(records.Select(r => new LabeledImage(ImageInput.FromBytes(r.Jpeg), r.Label)));
/// </code>
/// </example>
/// <remarks>
/// A file is an image when its name promises one (jpg, jpeg, jpe, jfif, png, bmp, gif, webp, tif, tiff, avif, heic, heif, in upper or
/// lower case) or when its first bytes are those of an image. Every other file of a folder is in <see cref="Unused"/>, and so is every
/// file that is hidden, cannot be opened or has no class. Pipes, sockets and devices are never opened. Links to folders are followed,
/// except one that leads back to a folder it is in. The order of classes and images is ordinal, the same on every machine.
/// </remarks>
public sealed class ImageDataset
{
    private ImageDataset(string source, string description, IReadOnlyList<string> classes, IReadOnlyList<LabeledImage> images, IReadOnlyList<UnusedFile> unused)
    {
        (Source, Description, Classes, Images, Unused) = (source, description, classes, images, unused);
        var indexOf = classes.Select((label, index) => (label, index)).ToDictionary(pair => pair.label, pair => pair.index, StringComparer.Ordinal);
        ClassIndices = [.. images.Select(image => indexOf[image.Label])];
    }

    /// <summary>Where the images come from: the folder or file as it was given, or <c>items</c>.</summary>
    public string Source { get; }

    /// <summary>A description for people of how the source was read: the folders that are sets, or the columns of a table.</summary>
    public string Description { get; }

    /// <summary>The labels of the C classes, in ordinal order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The N images. The images of a folder are ordered by set, class and path; other sources keep their own order.</summary>
    public IReadOnlyList<LabeledImage> Images { get; }

    /// <summary>
    /// The files, folders and rows of the source that are not used as <see cref="Images"/>, each with its kind and the reason.
    /// </summary>
    public IReadOnlyList<UnusedFile> Unused { get; }

    /// <summary>Whether any image states its own set; see <see cref="LabeledImage.Split"/>.</summary>
    public bool HasSplits => Has(DataSplit.Train) || Has(DataSplit.Validation) || Has(DataSplit.Test);

    /// <summary><c>[N]</c>, the position of each image's label in <see cref="Classes"/>.</summary>
    internal int[] ClassIndices { get; }

    /// <summary>
    /// Reads a folder whose sub-folders are the classes, or whose sub-folders <c>train</c>, <c>val</c> (<c>valid</c>,
    /// <c>validation</c>) and <c>test</c> are sets with the same class folders in each. Images deeper below a class folder belong to
    /// that class.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="DatasetException">There are no class folders, a class has no image, or the sets have different classes.</exception>
    public static ImageDataset FromFolder(string path)
    {
        var contents = FolderContents.Of(path);
        var sets = SplitFolders.Find(path, contents);
        if (contents.FoldersIn("").Count == 0) Throw.DatasetHasNoClasses(path);
        List<UnusedFile> unused = [.. contents.Unused];
        var images = new List<LabeledImage>();
        var classes = contents.FoldersIn(sets is null ? "" : sets[0].Folder);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (folder, split) in sets ?? [("", DataSplit.Auto)])
        {
            var prefix = folder.Length == 0 ? "" : folder + "/";
            var byClass = contents.Images.Where(image => image.Key.StartsWith(prefix, StringComparison.Ordinal) && image.Key.IndexOf('/', prefix.Length) > 0)
                .ToLookup(image => image.Key[prefix.Length..image.Key.IndexOf('/', prefix.Length)], StringComparer.Ordinal);
            foreach (var label in classes)
            {
                if (!byClass[label].Any()) Throw.ClassHasNoImages(label, Path.Combine(path, folder, label));
                foreach (var image in byClass[label])
                {
                    used.Add(image.Key);
                    images.Add(new LabeledImage(ImageInput.FromFile(image.Path), label) { Split = split });
                }
            }
        }

        unused.AddRange(contents.Images.Where(image => !used.Contains(image.Key)).Select(image => new UnusedFile(image.Path, UnusedKind.Unlabeled, "The image is in no class folder.")));
        var description = sets is null ? "the sub-folders are classes" : $"the sub-folders are sets: {string.Join(", ", sets.Select(set => $"{set.Folder} for {DataSplits.Name(set.Split)}"))}";
        return new ImageDataset(path, description, classes, images.AsReadOnly(), unused.AsReadOnly());
    }

    /// <summary>Reads comma-separated text (RFC 4180, UTF-8) with a header and one row for each image.</summary>
    /// <param name="path">The file. Images are named relative to its folder.</param>
    /// <param name="image">
    /// The column with the path of the image; null for the first one named image, path, file, filename, file_name, filepath or
    /// image_path.
    /// </param>
    /// <param name="label">
    /// The column with the class; null for the first one named label, class, species or category. Rows with an empty label are in
    /// <see cref="Unused"/>.
    /// </param>
    /// <param name="split">
    /// The column with the set (train, val, validation, test); null for the first one named split, fold, set or subset, if there is
    /// one; empty if no column has it.
    /// </param>
    /// <param name="weight">
    /// The column with <see cref="LabeledImage.Weight"/>; null for the first one named weight or sample_weight, if there is one; empty
    /// if no column has it.
    /// </param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file may not be read.</exception>
    /// <exception cref="DatasetException">There is no such column, or a row is malformed: the message names the file and the line, and lists the columns.</exception>
    public static ImageDataset FromCsv(string path, string? image = null, string? label = null, string? split = null, string? weight = null) =>
        FromTable(path, ImageTable.ReadDelimited(Given(path), ',', new ColumnNames(image, label, split, weight)));

    /// <summary>Reads tab-separated text as <see cref="FromCsv"/> reads comma-separated text.</summary>
    /// <inheritdoc cref="FromCsv"/>
    public static ImageDataset FromTsv(string path, string? image = null, string? label = null, string? split = null, string? weight = null) =>
        FromTable(path, ImageTable.ReadDelimited(Given(path), '\t', new ColumnNames(image, label, split, weight)));

    /// <summary>Reads a file with one JSON object on each line, whose properties are the columns of <see cref="FromCsv"/>.</summary>
    /// <inheritdoc cref="FromCsv"/>
    public static ImageDataset FromJsonLines(string path, string? image = null, string? label = null, string? split = null, string? weight = null) =>
        FromTable(path, ImageTable.ReadJsonLines(Given(path), new ColumnNames(image, label, split, weight)));

    /// <summary>Takes labeled images of any kind, in the order given.</summary>
    /// <param name="items">The images; read once, here.</param>
    /// <exception cref="DatasetException">There are no images, or some images state their set and others do not.</exception>
    public static ImageDataset FromItems(IEnumerable<LabeledImage> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        LabeledImage[] images = [.. items];
        foreach (var image in images) ArgumentNullException.ThrowIfNull(image, nameof(items));
        return Of("items", "labeled images", images, []);
    }

    /// <summary>Reads a folder whose file names tell the classes: <c>FromPattern("pets", @"(?&lt;label&gt;[^/]+)_\d+\.jpg$")</c>.</summary>
    /// <param name="folder">The folder; images at any depth are found.</param>
    /// <param name="pattern">
    /// A regular expression with a group named <c>label</c> and, if sets are named too, one named <c>split</c>. The path of each image,
    /// relative to the folder and with '/', is searched for it. Images that do not match are in <see cref="Unused"/>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The pattern is not a regular expression or has no group named label. No file was read.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or it is a file.</exception>
    /// <exception cref="DatasetException">
    /// The folder has no image, the pattern matches none, or a group named split matches something that is not a set.
    /// </exception>
    public static ImageDataset FromPattern(string folder, string pattern)
    {
        var regex = FileNamePattern.Parse(pattern);
        var contents = FolderContents.Of(folder);
        if (contents.Images.Count == 0) Throw.FolderHasNoImages(folder);
        var images = new List<LabeledImage>();
        List<UnusedFile> unused = [.. contents.Unused];
        foreach (var image in contents.Images)
        {
            if (FileNamePattern.Match(regex, image) is { } labeled) images.Add(labeled);
            else unused.Add(new UnusedFile(image.Path, UnusedKind.Unlabeled, "The pattern does not match the image's path."));
        }

        if (images.Count == 0) Throw.PatternMatchesNothing(pattern, folder, contents.Images[0].Key);
        return Of(folder, $"classes by the pattern {pattern}", images, unused);
    }

    /// <summary>
    /// Reads the data at a path: a folder as <see cref="FromFolder"/> reads it, a <c>.csv</c>, <c>.tsv</c> or <c>.jsonl</c> file as a
    /// table.
    /// </summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="image">As for <see cref="FromCsv"/>.</param>
    /// <param name="label">As for <see cref="FromCsv"/>.</param>
    /// <param name="split">As for <see cref="FromCsv"/>.</param>
    /// <param name="weight">As for <see cref="FromCsv"/>.</param>
    /// <exception cref="ArgumentException">The path names neither a folder nor a table, or columns were given for a folder.</exception>
    /// <exception cref="IOException">There is no such folder or file (<see cref="DirectoryNotFoundException"/>, <see cref="FileNotFoundException"/>), or it may not be read.</exception>
    /// <exception cref="DatasetException">As for <see cref="FromFolder"/> and <see cref="FromCsv"/>.</exception>
    public static ImageDataset Open(string path, string? image = null, string? label = null, string? split = null, string? weight = null)
    {
        Given(path);
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".csv" when !Directory.Exists(path): return FromCsv(path, image, label, split, weight);
            case ".tsv" when !Directory.Exists(path): return FromTsv(path, image, label, split, weight);
            case ".jsonl" or ".ndjson" when !Directory.Exists(path): return FromJsonLines(path, image, label, split, weight);
        }

        if (File.Exists(path)) Throw.DataUnknown(path);
        if ((image ?? label ?? split ?? weight) is not null) Throw.ColumnsOfFolder(path);
        return FromFolder(path);
    }

    /// <summary>These images, with a validation set of their own.</summary>
    /// <param name="validation">The images of the validation set, with the same classes.</param>
    /// <exception cref="ArgumentException">There is a validation set already, or <paramref name="validation"/> is divided into sets itself.</exception>
    /// <exception cref="DatasetException">The classes differ; the message lists the differences.</exception>
    public ImageDataset WithValidation(ImageDataset validation) => With(validation, DataSplit.Validation);

    /// <summary>These images, with a test set of their own.</summary>
    /// <param name="test">The images of the test set, with the same classes.</param>
    /// <exception cref="ArgumentException">There is a test set already, or <paramref name="test"/> is divided into sets itself.</exception>
    /// <exception cref="DatasetException">The classes differ; the message lists the differences.</exception>
    public ImageDataset WithTest(ImageDataset test) => With(test, DataSplit.Test);

    /// <summary>The images of one set.</summary>
    /// <param name="split">The set.</param>
    /// <exception cref="DatasetException">The set has no image.</exception>
    public ImageDataset Only(DataSplit split)
    {
        LabeledImage[] images = [.. Images.Where(image => image.Split == split)];
        if (images.Length == 0) Throw.SetEmpty(Source, split == DataSplit.Auto ? "unassigned" : DataSplits.Name(split));
        return new ImageDataset(Source, Description, Classes, images, Unused);
    }

    /// <summary>The images of all other sets; the classes stay.</summary>
    internal ImageDataset Except(DataSplit split) => new(Source, Description, Classes, [.. Images.Where(image => image.Split != split)], Unused);

    /// <summary>For example <c>flower_photos: 600 images in 5 classes</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Source}: {Images.Count} images in {Classes.Count} classes");

    internal bool Has(DataSplit split) => Images.Any(image => image.Split == split);

    private ImageDataset With(ImageDataset other, DataSplit split)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Has(split)) Throw.SetGivenTwice(Source, DataSplits.Name(split));
        if (other.HasSplits) Throw.SetHasSplits(other.Source, DataSplits.Name(split));
        var (missing, unknown) = (Classes.Except(other.Classes).ToList(), other.Classes.Except(Classes).ToList());
        if (missing.Count + unknown.Count > 0) Throw.ClassesDiffer(Source, other.Source, missing, unknown);
        return new ImageDataset(
            Source, $"{Description}; {other.Source} for {DataSplits.Name(split)}", Classes, [.. Images, .. other.Images.Select(image => image with { Split = split })], [.. Unused, .. other.Unused]);
    }

    private static ImageDataset FromTable(string path, ImageTable table) => Of(path, table.Description, table.Images, table.Unused);

    private static ImageDataset Of(string source, string description, IReadOnlyList<LabeledImage> images, IReadOnlyList<UnusedFile> unused)
    {
        if (images.Count == 0) Throw.DatasetHasNoImages(source);
        var without = images.Where(image => image.Split == DataSplit.Auto).ToList();
        if (without.Count > 0 && without.Count < images.Count) Throw.SplitsIncomplete(source, without[0].Id, without.Count, images.Count);
        return new ImageDataset(source, description, [.. images.Select(image => image.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], images, unused);
    }

    private static string Given(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return path;
    }
}
