using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Embedding;
using OnnxTransfer.Embedding.Neighbors;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>Feature vectors, <c>[N,D]</c> row-major float32: row i is the vector of image i.</summary>
public sealed class FeatureMatrix
{
    private readonly float[] _values;

    /// <summary>Wraps values without copying them.</summary>
    /// <param name="values"><c>[N,D]</c> row-major; exactly <c>rowCount * dim</c> numbers.</param>
    /// <param name="rowCount">N.</param>
    /// <param name="dim">D, at least 1.</param>
    /// <exception cref="ArgumentException">The length is not <c>rowCount * dim</c>.</exception>
    public FeatureMatrix(float[] values, int rowCount, int dim)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(dim, 1);
        if (values.LongLength != (long)rowCount * dim) Throw.MatrixHasWrongLength(values.LongLength, rowCount, dim);
        (_values, RowCount, Dim) = (values, rowCount, dim);
    }

    private FeatureMatrix(int rowCount, int dim, float[] values) => (_values, RowCount, Dim) = (values, rowCount, dim);

    /// <summary>N, the number of images.</summary>
    public int RowCount { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim { get; }

    /// <summary>All values, <c>[N,D]</c> row-major.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, RowCount * Dim);

    /// <summary>The feature vector of image <paramref name="index"/>, length D.</summary>
    public ReadOnlySpan<float> Row(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, RowCount);
        return _values.AsSpan(index * Dim, Dim);
    }

    /// <summary>Wraps the first rows of a longer array, which is filled again and again.</summary>
    /// <param name="values">At least <c>rowCount * dim</c> numbers.</param>
    /// <param name="rowCount">N.</param>
    /// <param name="dim">D.</param>
    internal static FeatureMatrix OfStart(float[] values, int rowCount, int dim) => new(rowCount, dim, values);

    /// <summary>Copies the given rows, in the given order, into a new matrix <c>[rows.Count, D]</c>.</summary>
    public FeatureMatrix Select(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var values = new float[rows.Count * Dim];
        for (var i = 0; i < rows.Count; i++) Row(rows[i]).CopyTo(values.AsSpan(i * Dim, Dim));
        return new FeatureMatrix(values, rows.Count, Dim);
    }

    /// <summary>Copies matrices of the same D into one, the rows of each behind those of the one before.</summary>
    internal static FeatureMatrix Stack(IReadOnlyList<FeatureMatrix> matrices)
    {
        var (rows, dim) = (matrices.Sum(matrix => (long)matrix.RowCount), matrices[0].Dim);
        if (rows * dim > Array.MaxLength) Throw.TooManyRowsForOneMatrix((int)rows, dim);
        var values = new float[rows * dim];
        var start = 0;
        foreach (var matrix in matrices)
        {
            matrix.Values.CopyTo(values.AsSpan(start));
            start += matrix.Values.Length;
        }

        return new FeatureMatrix(values, (int)rows, dim);
    }

    /// <summary>
    /// A new matrix whose rows have the same directions and the length 1 (L2 normalization, <c>v / |v|</c>), rounded to float32. The
    /// dot product of two such rows is their cosine; vector databases compute dot products fastest.
    /// </summary>
    /// <exception cref="ArgumentException">A row has no direction: all its numbers are zero, or one is NaN or infinite.</exception>
    public FeatureMatrix Normalized()
    {
        var lengths = VectorLength.OfRows(this);
        for (var row = 0; row < RowCount; row++) RequireDirection(Row(row), lengths[row], row);
        var values = new float[RowCount * Dim];
        Parallel.For(0, RowCount, row => VectorLength.Divide(Row(row), lengths[row], values.AsSpan(row * Dim, Dim)));
        return new FeatureMatrix(values, RowCount, Dim);
    }

    /// <summary>Gives one vector the length 1 (L2 normalization, <c>v / |v|</c>), with the same bits as <see cref="Normalized"/>.</summary>
    /// <param name="vector">D numbers.</param>
    /// <param name="destination">Where to write the D numbers; may be <paramref name="vector"/> itself.</param>
    /// <exception cref="ArgumentException">
    /// The two have different lengths, or the vector has no direction: all its numbers are zero, or one is NaN or infinite.
    /// </exception>
    public static void Normalize(ReadOnlySpan<float> vector, Span<float> destination)
    {
        if (destination.Length != vector.Length) Throw.DestinationHasWrongLength(destination.Length, vector.Length);
        var length = VectorLength.Of(vector);
        RequireDirection(vector, length, row: null);
        VectorLength.Divide(vector, length, destination);
    }

    /// <summary>Writes the matrix as a NumPy <c>.npy</c> file, float32 <c>[N,D]</c> in C order, whole or not at all.</summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="IOException">The folder does not exist, or the file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void SaveNpy(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        MatrixFile.WriteNpy(path, this);
    }

    /// <summary>Writes the matrix in the format that the extension names, whole or not at all; see <see cref="FeatureWriter"/>.</summary>
    /// <param name="path">The file to write, such as <c>vectors.npz</c>; an existing one is replaced.</param>
    /// <param name="ids">The name of each row, N texts; null for none.</param>
    /// <param name="labels">The class of each row, N texts or nulls; null for none. Labels need ids.</param>
    /// <exception cref="ArgumentException">No format has the extension; or there are not N ids or labels, or labels without ids.</exception>
    /// <exception cref="IOException">
    /// The folder does not exist, or the file cannot be written; or the ids of a <c>.npy</c> would replace a <c>.json</c> beside it that is
    /// something else.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public void Save(string path, IReadOnlyList<string>? ids = null, IReadOnlyList<string?>? labels = null) => Write(path, ids, labels, CancellationToken.None);

    /// <summary>Writes the matrix as <see cref="Save"/> does, on a thread of the pool.</summary>
    /// <param name="path">The file to write, such as <c>vectors.npz</c>; an existing one is replaced.</param>
    /// <param name="ids">The name of each row, N texts; null for none.</param>
    /// <param name="labels">The class of each row, N texts or nulls; null for none. Labels need ids.</param>
    /// <param name="cancellationToken">Stops before the file gets its name; an existing file then stays as it is.</param>
    /// <inheritdoc cref="Save" path="/exception"/>
    public Task SaveAsync(string path, IReadOnlyList<string>? ids = null, IReadOnlyList<string?>? labels = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Task.Run(() => Write(path, ids, labels, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Reads a NumPy <c>.npy</c> file (format 1 or 2) of float32 <c>[N,D]</c> in C order, as <see cref="SaveNpy"/> and
    /// <c>numpy.save</c> write it: the numbers equal those of the file to the bit.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The path is a folder, or the file may not be read.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, is not such an array, or has another type, order or number of axes: the message says what to do.
    /// </exception>
    public static FeatureMatrix LoadNpy(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return MatrixFile.ReadNpy(path);
    }

    /// <summary>
    /// A MathNet view of the same memory with one image per column, <c>[D,N]</c>: MathNet's dense storage is column-major,
    /// so the transposed view needs no copy.
    /// </summary>
    public Matrix<float> AsTransposedMatrix() => Matrix<float>.Build.Dense(Dim, RowCount, _values);

    private void Write(string path, IReadOnlyList<string>? ids, IReadOnlyList<string?>? labels, CancellationToken cancellationToken)
    {
        if (ids is not null && ids.Count != RowCount) Throw.NamesDoNotMatchRows(nameof(ids), ids.Count, RowCount);
        if (labels is not null && labels.Count != RowCount) Throw.NamesDoNotMatchRows(nameof(labels), labels.Count, RowCount);
        using var writer = FeatureWriter.Create(path, Dim);
        for (var row = 0; row < RowCount; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            writer.Add(Row(row), ids?[row], labels?[row]);
        }

        writer.Complete();
    }

    private static void RequireDirection(ReadOnlySpan<float> vector, double length, int? row)
    {
        if (!double.IsFinite(length)) Throw.VectorNotFinite("vector", row, vector.IndexOfNonFinite(), vector);
        if (length == 0) Throw.VectorHasNoDirection(row);
    }
}
