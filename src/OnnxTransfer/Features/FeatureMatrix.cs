using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Features.Neighbors;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Features;

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
        _values = values;
        RowCount = rowCount;
        Dim = dim;
    }

    /// <summary>N, the number of images.</summary>
    public int RowCount { get; }

    /// <summary>D, the length of one feature vector.</summary>
    public int Dim { get; }

    /// <summary>All values, <c>[N,D]</c> row-major.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The feature vector of image <paramref name="index"/>, length D.</summary>
    public ReadOnlySpan<float> Row(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, RowCount);
        return _values.AsSpan(index * Dim, Dim);
    }

    /// <summary>Copies the given rows, in the given order, into a new matrix <c>[rows.Count, D]</c>.</summary>
    public FeatureMatrix Select(IReadOnlyList<int> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var values = new float[rows.Count * Dim];
        for (var i = 0; i < rows.Count; i++) Row(rows[i]).CopyTo(values.AsSpan(i * Dim, Dim));
        return new FeatureMatrix(values, rows.Count, Dim);
    }

    /// <summary>
    /// A new matrix whose rows have the same directions and the length 1 (L2 normalization, <c>v / |v|</c>), rounded to float32. The dot
    /// product of two such rows is their cosine, which is what databases of vectors compute fastest.
    /// </summary>
    /// <exception cref="ArgumentException">A row has no direction: it is all zeros, or a number in it is NaN or infinite.</exception>
    public FeatureMatrix Normalized()
    {
        var lengths = VectorLength.OfRows(this);
        for (var row = 0; row < RowCount; row++) RequireDirection(Row(row), lengths[row], row);
        var values = new float[_values.Length];
        Parallel.For(0, RowCount, row => VectorLength.Divide(Row(row), lengths[row], values.AsSpan(row * Dim, Dim)));
        return new FeatureMatrix(values, RowCount, Dim);
    }

    /// <summary>Gives one vector the length 1 (L2 normalization, <c>v / |v|</c>), with the same bits as <see cref="Normalized"/>.</summary>
    /// <param name="vector">D numbers.</param>
    /// <param name="destination">Where to write the D numbers; may be <paramref name="vector"/> itself.</param>
    /// <exception cref="ArgumentException">
    /// The two have different lengths, or the vector has no direction: it is all zeros, or a number in it is NaN or infinite.
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
    public void SaveNpy(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        // Format 1.0: magic, version, little-endian header length, then a Python dict padded so that the data starts at a multiple of 64.
        var dict = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({RowCount}, {Dim}), }}");
        var header = dict.PadRight(((10 + dict.Length + 1 + 63) / 64 * 64) - 10 - 1) + "\n";
        AtomicFile.Write(path, stream =>
        {
            stream.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
            stream.Write(Encoding.ASCII.GetBytes(header));
            stream.Write(MemoryMarshal.AsBytes(Values));
        });
    }

    /// <summary>
    /// A MathNet view of the same memory with one image per column, <c>[D,N]</c>: MathNet's dense storage is column-major,
    /// so the transposed view needs no copy.
    /// </summary>
    public Matrix<float> AsTransposedMatrix() => Matrix<float>.Build.Dense(Dim, RowCount, _values);

    private static void RequireDirection(ReadOnlySpan<float> vector, double length, int? row)
    {
        if (!double.IsFinite(length)) Throw.VectorNotFinite("vector", row, vector.IndexOfNonFinite(), vector);
        if (length == 0) Throw.VectorHasNoDirection(row);
    }
}
