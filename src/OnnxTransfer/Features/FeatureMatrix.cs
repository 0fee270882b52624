using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MathNet.Numerics.LinearAlgebra;
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
}
