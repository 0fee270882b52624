using System.Runtime.InteropServices;
using OnnxTransfer.Embedding.Sets;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Feature vectors on disk, <c>[N,D]</c> float32, more than fit in memory: a folder of parts, each a <c>.npy</c> with its names in a
/// <c>.json</c> of the same name, and a <c>manifest.json</c>. Rows are in ordinal order of the image ids. Only the class of each row is in
/// memory, in 4 bytes; rows are read when they are asked for, and no file stays open. Thread-safe.
/// </summary>
/// <example>
/// <code>
/// await extractor.EmbedToSetAsync("vectors", ImageListing.FromFolder("photos").Images, options: new() { Root = "photos" });
/// var set = FeatureSet.Open("vectors");
/// var rows = new float[1000 * set.Dim];
/// set.ReadRows(0, rows);
/// </code>
/// </example>
public sealed class FeatureSet
{
    /// <summary>The class of a row that has none.</summary>
    private const int NoClass = -1;

    private readonly SetFolder _folder;
    private readonly SetManifest _manifest;
    // For each part, the class of each row.
    private readonly int[][] _classes;

    private FeatureSet(SetFolder folder, SetManifest manifest, IReadOnlyList<FeatureSetPart> parts, IReadOnlyList<string> classes, int[][] classesOfRows) =>
        (_folder, _manifest, Parts, Classes, _classes) = (folder, manifest, parts, classes, classesOfRows);

    /// <summary>The folder, as it was given.</summary>
    public string Folder => _folder.Path;

    /// <summary>D, the length of one row.</summary>
    public int Dim => _manifest.Network.Dim;

    /// <summary>N, the number of rows.</summary>
    public long RowCount => _manifest.Rows;

    /// <summary>The number of images, skipped ones included.</summary>
    public long ImageCount => _manifest.Images;

    /// <summary>The model's id.</summary>
    public string Backbone => _manifest.Network.Id;

    /// <summary>
    /// SHA-256 of everything besides the images and the machine that the rows depend on: network, layer, preprocessing, precision, decoder.
    /// Two sets with the same value fit together.
    /// </summary>
    public string NetworkSha256 => _manifest.Network.Sha256;

    /// <summary>The folder that the ids were relative to when the set was made; null for none.</summary>
    public string? Root => _manifest.Root;

    /// <summary>The parts, in the order of their rows.</summary>
    public IReadOnlyList<FeatureSetPart> Parts { get; }

    /// <summary>The labels that rows have, each once, in ordinal order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What <see cref="NetworkSha256"/> is made of.</summary>
    internal SetNetwork Network => _manifest.Network;

    /// <summary>
    /// Opens a complete feature set: reads the manifest and the names of all parts, and compares the names with their checksums and the
    /// arrays with their lengths. <see cref="Verify"/> reads the numbers as well.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">It is no feature set, it is not complete, or a part is missing or damaged; the message says what to do.</exception>
    /// <exception cref="IOException">A file may not be read.</exception>
    public static FeatureSet Open(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (!Directory.Exists(folder)) Throw.FolderNotFound(folder);
        var set = new SetFolder(folder);
        if (set.Manifest() is not { } manifest)
        {
            if (set.Plan() is not { } plan) throw Throw.NotASet(folder);
            var there = set.PartsThere();
            throw Throw.SetNotComplete(folder, plan.Parts.Count(part => !there.Contains(part)), plan.Parts.Count);
        }

        var labels = new PartLabels[manifest.Parts.Count];
        var problems = new string?[labels.Length];
        Parallel.For(0, labels.Length, new ParallelOptions { MaxDegreeOfParallelism = Cores.Count(0) }, part =>
        {
            var sound = manifest.Parts[part];
            if (!File.Exists(set.Json(sound.Name))) problems[part] = "is missing";
            else if (Names(set, sound) is not { } names) problems[part] = "has a damaged .json";
            else if ((problems[part] = set.CheckNumbers(sound.Name, sound.Rows, manifest.Network.Dim, sha256: null)) is null) labels[part] = PartLabels.Of(names.Labels);
        });
        ThrowIfAny(set, manifest, problems);

        string[] classes = [.. labels.SelectMany(one => one.Classes).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        var index = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
        var parts = new FeatureSetPart[labels.Length];
        var first = 0L;
        for (var part = 0; part < parts.Length; part++)
        {
            var sound = manifest.Parts[part];
            parts[part] = new FeatureSetPart(part, first, sound.Rows, sound.Images, sound.Provider);
            first += sound.Rows;
        }

        return new FeatureSet(set, manifest, parts, classes, [.. labels.Select(one => one.In(index))]);
    }

    /// <summary>Says what a folder of a feature set holds and lacks, complete or not. The numbers of parts are not read, but their lengths are.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">It is no feature set.</exception>
    /// <exception cref="IOException">A file may not be read.</exception>
    public static FeatureSetInfo Inspect(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (!Directory.Exists(folder)) Throw.FolderNotFound(folder);
        var set = new SetFolder(folder);
        var manifest = set.Manifest();
        var plan = set.Plan() ?? manifest?.Plan ?? throw Throw.NotASet(folder);
        var found = set.Check(plan, [.. Enumerable.Range(0, plan.Parts.Count)], _ => false, CancellationToken.None);
        return new FeatureSetInfo(
            plan.Network.Id, plan.Network.Dim, plan.Network.Sha256, plan.PartSize, plan.Images, plan.Parts.Count, [.. Enumerable.Range(0, found.Length).Where(part => found[part] is null)],
            manifest?.Plan.IsSameAs(plan) ?? false);
    }

    /// <summary>
    /// Copies the parts of shards that were made in folders of their own into one folder. The result is the set that one run makes, to the bit.
    /// All parts are compared with their checksums before anything is written.
    /// </summary>
    /// <param name="folders">The folders of the shards. A part that several have alike is taken once.</param>
    /// <param name="target">The folder to make; it may hold parts of the same set, which are kept.</param>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <returns>The complete set.</returns>
    /// <exception cref="ArgumentException">There is no folder.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">A folder is no feature set, or no folder has a sound copy of a part; the message names the parts.</exception>
    /// <exception cref="IOException">
    /// The sets have different networks, part sizes or images; two folders have a part with different content; or the target has something else in it
    /// or cannot be written.
    /// </exception>
    public static FeatureSet Merge(IReadOnlyList<string> folders, string target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(folders);
        ArgumentOutOfRangeException.ThrowIfZero(folders.Count, nameof(folders));
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        SetMerge.Run(folders, target, cancellationToken);
        return Open(target);
    }

    /// <summary>The class of a row, as an index into <see cref="Classes"/>; -1 for a row without a label.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public int ClassOf(long row)
    {
        var part = PartOf(row, 1);
        return _classes[part][row - Parts[part].FirstRow];
    }

    /// <summary>The label of a row; null for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public string? LabelOf(long row) => ClassOf(row) is var index and not NoClass ? Classes[index] : null;

    /// <summary>Reads rows that follow each other, also across parts. A call opens the files that it reads, so many rows at once are faster than one by one.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="destination">Receives the rows, row-major; a multiple of D numbers.</param>
    /// <exception cref="ArgumentException">The length is no multiple of D.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer rows.</exception>
    /// <exception cref="InvalidDataException">A part is gone or shorter than it was when the set was opened.</exception>
    /// <exception cref="IOException">A file may not be read.</exception>
    public void ReadRows(long first, Span<float> destination)
    {
        if (destination.Length % Dim != 0) Throw.SetDestinationNotWholeRows(destination.Length, Dim);
        var part = PartOf(first, destination.Length / Dim);
        for (; destination.Length > 0; part++)
        {
            var start = (int)(first - Parts[part].FirstRow);
            var piece = destination[..(int)Math.Min(destination.Length, (Parts[part].RowCount - start) * (long)Dim)];
            if (piece.Length > 0) Read(part, start, piece);
            destination = destination[piece.Length..];
            first += piece.Length / Dim;
        }
    }

    /// <summary>The ids of the rows of a part, in order; they are read from its file.</summary>
    /// <param name="part">The number of the part.</param>
    /// <exception cref="InvalidDataException">The part is not as it was when the set was opened.</exception>
    /// <exception cref="IOException">The file may not be read.</exception>
    public IReadOnlyList<string> IdsOf(int part) => Names(part).Ids;

    /// <summary>The images of a part that could not be used, with reasons, in order; they are read from its file.</summary>
    /// <inheritdoc cref="IdsOf"/>
    public IReadOnlyList<SkippedImage> SkippedOf(int part) =>
        [.. Names(part).Skipped.Select(one => new SkippedImage(one.Id, one.Reason) { Label = one.Label, TimedOut = one.TimedOut })];

    /// <summary>Reads all numbers and compares them with their checksums.</summary>
    /// <param name="cancellationToken">Stops between two parts.</param>
    /// <exception cref="InvalidDataException">A part is missing or damaged; the message names the first one and the number of the others.</exception>
    /// <exception cref="IOException">A file may not be read.</exception>
    public void Verify(CancellationToken cancellationToken = default)
    {
        var problems = new string?[Parts.Count];
        Parallel.For(0, problems.Length, new ParallelOptions { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Cores.Count(0) }, part =>
        {
            var sound = _manifest.Parts[part];
            problems[part] = Names(_folder, sound) is null ? "has a damaged .json" : _folder.CheckNumbers(sound.Name, sound.Rows, Dim, sound.Npy);
        });
        ThrowIfAny(_folder, _manifest, problems);
    }

    private static void ThrowIfAny(SetFolder folder, SetManifest manifest, string?[] problems)
    {
        if (Array.FindIndex(problems, problem => problem is not null) is >= 0 and var first)
            throw Throw.SetPartDamaged(folder.Path, manifest.Parts[first].Name, problems[first]!, problems.Count(problem => problem is not null));
    }

    /// <summary>The names of a part; null if they are not those of the manifest.</summary>
    private static PartNames? Names(SetFolder folder, SoundPart part)
    {
        var path = folder.Json(part.Name);
        if (!File.Exists(path)) return null;
        var json = InputFile.ReadAllBytes(path);
        return FileHash.Sha256(json) == part.Json && SetJson.TryParse(json, SetJson.Default.PartNames) is { IsSound: true } names && names.Rows == part.Rows ? names : null;
    }

    private PartNames Names(int part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, Parts.Count);
        return Names(_folder, _manifest.Parts[part]) ?? throw Throw.SetPartGone(Folder, _manifest.Parts[part].Name);
    }

    private void Read(int part, int start, Span<float> rows)
    {
        var name = _manifest.Parts[part].Name;
        try
        {
            using var handle = File.OpenHandle(_folder.Npy(name), share: FileShare.Read | FileShare.Delete);
            var bytes = MemoryMarshal.AsBytes(rows);
            var offset = NpyHeader.MatrixBytes + ((long)start * Dim * sizeof(float));
            while (bytes.Length > 0)
            {
                var read = RandomAccess.Read(handle, bytes, offset);
                if (read == 0) throw Throw.SetPartGone(Folder, name);
                bytes = bytes[read..];
                offset += read;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Throw.SetPartGone(Folder, name, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Throw.FileUnreadable(_folder.Npy(name), exception);
        }
    }

    /// <summary>The part with the first of some rows.</summary>
    private int PartOf(long first, long count)
    {
        if (first < 0 || count > RowCount - first) Throw.SetRowsOutOfRange(first, count, RowCount);
        var (low, high) = (0, Parts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (Parts[middle].FirstRow <= first) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>The labels of a part's rows, each text once.</summary>
    private readonly record struct PartLabels(IReadOnlyList<string> Classes, int[] Rows)
    {
        internal static PartLabels Of(IReadOnlyList<string?> labels)
        {
            var index = new Dictionary<string, int>(StringComparer.Ordinal);
            var rows = new int[labels.Count];
            for (var row = 0; row < rows.Length; row++)
            {
                rows[row] = NoClass;
                if (labels[row] is not { } label) continue;
                index.TryAdd(label, index.Count);
                rows[row] = index[label];
            }

            return new PartLabels([.. index.OrderBy(pair => pair.Value).Select(pair => pair.Key)], rows);
        }

        /// <summary>The same rows by the index of all parts' classes, in the same memory.</summary>
        internal int[] In(Dictionary<string, int> index)
        {
            int[] own = [.. Classes.Select(name => index[name])];
            for (var row = 0; row < Rows.Length; row++)
            {
                if (Rows[row] != NoClass) Rows[row] = own[Rows[row]];
            }

            return Rows;
        }
    }
}

/// <summary>A part of a <see cref="FeatureSet"/>: the rows of some images that follow each other in the order of their ids.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="FirstRow">The row of the set that its first row is.</param>
/// <param name="RowCount">The number of its rows.</param>
/// <param name="ImageCount">The number of its images, skipped ones included.</param>
/// <param name="Provider">What computed the rows: the runtime, the provider and the processor, in words. Rows of two providers may differ in the last bits.</param>
public sealed record FeatureSetPart(int Number, long FirstRow, int RowCount, int ImageCount, string Provider);
