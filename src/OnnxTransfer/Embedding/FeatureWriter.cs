using OnnxTransfer.Embedding.Files;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Writes feature vectors to a file, row by row, in memory for the names alone. The extension of the file chooses its format:
/// <list type="table">
/// <item><term><c>.npy</c></term><description>NumPy, float32 <c>[N,D]</c>. Ids and labels are in a <c>.json</c> of the same name beside it.</description></item>
/// <item><term><c>.npz</c></term><description>NumPy: <c>features</c>, and <c>ids</c> and <c>labels</c> as texts.</description></item>
/// <item><term><c>.safetensors</c></term><description>the tensor <c>features</c>; ids and labels are JSON lists in the metadata.</description></item>
/// <item><term><c>.csv</c></term><description>the columns <c>id</c>, <c>label</c>, <c>f0</c> to <c>f(D-1)</c>.</description></item>
/// <item><term><c>.parquet</c></term><description>the columns <c>id</c>, <c>label</c> and <c>features</c>, a list of floats. It needs the package <c>OnnxTransfer.Parquet</c>.</description></item>
/// </list>
/// The file has its name once <see cref="Complete"/> is called, and does not exist without it. Not thread-safe.
/// </summary>
/// <example>
/// <code>
/// using var writer = FeatureWriter.Create("vectors.npz", extractor.Dim);
/// await extractor.EmbedToAsync(writer, images);
/// writer.Complete();
/// </code>
/// </example>
public abstract class FeatureWriter : IDisposable
{
    private readonly PendingFile _file;
    private bool _isClosed;

    /// <param name="path">The file to write.</param>
    /// <param name="dim">D.</param>
    /// <param name="backbone">The network of the vectors, for the file; null for none.</param>
    private protected FeatureWriter(string path, int dim, string? backbone)
    {
        (Target, Dim, Backbone) = (path, dim, backbone);
        _file = AtomicFile.Begin(path);
    }

    /// <summary>The extensions that <see cref="Create"/> knows, in lower case and ordinal order, such as <c>.npy</c>.</summary>
    public static IReadOnlyList<string> Extensions => FeatureFiles.Extensions;

    /// <summary>D, the length of one vector.</summary>
    public int Dim { get; }

    /// <summary>The number of vectors that were added.</summary>
    public long RowCount { get; private set; }

    /// <summary>Whether the rows have ids; false before the first row.</summary>
    internal bool HasIds { get; private set; }

    /// <summary>The network of the vectors.</summary>
    internal string? Backbone { get; }

    /// <summary>The path as the caller gave it.</summary>
    internal string Target { get; }

    /// <summary>The file's content.</summary>
    internal Stream Stream => _file.Stream;

    /// <summary>Begins a file.</summary>
    /// <param name="path">The file to write, whose extension names the format; an existing one is replaced.</param>
    /// <param name="dim">D, the length of every vector, at least 1.</param>
    /// <param name="backbone">The id of the network that made the vectors, which the file keeps where its format can; null for none.</param>
    /// <exception cref="ArgumentException">No format has the extension; the message lists the known ones.</exception>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static FeatureWriter Create(string path, int dim, string? backbone = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        return FeatureFiles.Create(path, dim, backbone);
    }

    /// <summary>Adds a vector.</summary>
    /// <param name="vector">D numbers, which are copied.</param>
    /// <param name="id">The name of the row, such as the path of its image. Either all rows have one, or none.</param>
    /// <param name="label">The class of the row; null for none. Only a row with an id has one.</param>
    /// <exception cref="ArgumentException">The vector has another length, or only some of the rows have an id.</exception>
    /// <exception cref="IOException">
    /// The file cannot be written; or the ids of a <c>.npy</c> would replace a <c>.json</c> beside it that is something else.
    /// </exception>
    public void Add(ReadOnlySpan<float> vector, string? id = null, string? label = null)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (vector.Length != Dim) Throw.RowHasWrongLength(vector.Length, Dim);
        if (id is null ? label is not null || HasIds : RowCount > 0 && !HasIds) Throw.RowsWithAndWithoutIds(RowCount);
        HasIds = id is not null;
        Write(vector, id, label);
        RowCount++;
    }

    /// <summary>Writes what is left and gives the file its name. Nothing can be added afterward.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="ObjectDisposedException">The file is complete or disposed.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        Finish();
        _isClosed = true;
        using var description = Describe();
        if (description is null) _file.Complete();
        else _file.CompleteWith(description);
    }

    /// <summary>Closes the file. Without <see cref="Complete"/> it is deleted, and an older file of the same name stays.</summary>
    public void Dispose()
    {
        _isClosed = true;
        Free();
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes one row.</summary>
    private protected abstract void Write(ReadOnlySpan<float> vector, string? id, string? label);

    /// <summary>Writes what comes behind the last row.</summary>
    private protected abstract void Finish();

    /// <summary>The file beside this one that a format needs for what it has no room for, whole but without its name; null for none.</summary>
    private protected virtual PendingFile? Describe() => null;

    /// <summary>Frees what a format holds besides the file.</summary>
    private protected virtual void Free()
    {
    }
}
