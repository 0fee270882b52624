using System.Runtime.InteropServices;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

public sealed class FeatureMatrixTests
{
    private static readonly FeatureMatrix TwoByThree = new([1, 2, 3, 4, 5, 6], 2, 3);

    [Fact]
    public void Rows_are_views_of_the_row_major_values()
    {
        Assert.Equal([4f, 5f, 6f], TwoByThree.Row(1).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => TwoByThree.Row(2).Length);
    }

    [Fact]
    public void Select_copies_rows_in_the_given_order()
    {
        var picked = TwoByThree.Select([1, 0, 1]);
        Assert.Equal(3, picked.RowCount);
        Assert.Equal([4f, 5f, 6f, 1f, 2f, 3f, 4f, 5f, 6f], picked.Values.ToArray());
    }

    [Fact]
    public void The_transposed_view_has_an_image_in_each_column()
    {
        var view = TwoByThree.AsTransposedMatrix();
        Assert.Equal((3, 2), (view.RowCount, view.ColumnCount));
        Assert.Equal(5f, view[1, 1]);
    }

    [Fact]
    public void A_wrong_length_is_refused_with_both_numbers()
    {
        var error = Assert.Throws<ArgumentException>(() => new FeatureMatrix([1, 2, 3], 2, 2));
        Assert.Contains("4", error.Message, StringComparison.Ordinal);
        Assert.Contains("3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Normalized_rows_have_the_length_one_and_their_direction()
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, 50 * 37).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        var matrix = new FeatureMatrix([.. values], 50, 37);
        var normalized = matrix.Normalized();
        Assert.Equal(values, matrix.Values.ToArray());
        for (var row = 0; row < 50; row++)
        {
            var length = Math.Sqrt(matrix.Row(row).ToArray().Sum(value => (double)value * value));
            for (var i = 0; i < 37; i++) Assert.Equal(matrix.Row(row)[i] / length, normalized.Row(row)[i], 6e-8);
            var alone = matrix.Row(row).ToArray();
            FeatureMatrix.Normalize(alone, alone);
            Assert.Equal(normalized.Row(row).ToArray(), alone);
        }
    }

    [Theory]
    [InlineData(1e38f)]
    [InlineData(1e-42f)]
    public void Normalizing_neither_overflows_nor_underflows(float value)
    {
        var unit = new float[9];
        FeatureMatrix.Normalize(Enumerable.Repeat(value, 9).ToArray(), unit);
        Assert.All(unit, one => Assert.Equal(1 / 3f, one, 1e-7f));
    }

    [Fact]
    public void A_vector_without_a_direction_is_not_normalized()
    {
        Assert.Contains("All features of vector 1 are zero", Assert.Throws<ArgumentException>(() => new FeatureMatrix([1, 2, 0, 0], 2, 2).Normalized()).Message, StringComparison.Ordinal);
        Assert.Contains("All features of the vector are zero", Assert.Throws<ArgumentException>(() => FeatureMatrix.Normalize(new float[9], new float[9])).Message, StringComparison.Ordinal);
        Assert.Contains("Feature 9 of vector 0 is NaN", Assert.Throws<ArgumentException>(() => new FeatureMatrix([1, 2, 3, 4, 5, 6, 7, 8, 9, float.NaN], 1, 10).Normalized()).Message, StringComparison.Ordinal);
        Assert.Contains("The destination has 1 numbers", Assert.Throws<ArgumentException>(() => FeatureMatrix.Normalize([1f, 2f], new float[1])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1000, 1280)]
    [InlineData(3, 7)]
    public void SaveNpy_writes_what_the_format_asks_for(int rows, int dim)
    {
        using var folder = new TempFolder();
        var path = folder.File("x.npy");
        var values = Enumerable.Range(0, rows * dim).Select(i => i / 3f).ToArray();
        new FeatureMatrix(values, rows, dim).SaveNpy(path);

        var bytes = File.ReadAllBytes(path);
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], bytes[..8]);
        var headerLength = BitConverter.ToUInt16(bytes, 8);
        Assert.Equal(0, (10 + headerLength) % 64);
        Assert.Equal((byte)'\n', bytes[10 + headerLength - 1]);
        Assert.StartsWith($"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {dim}), }}", Encoding.ASCII.GetString(bytes, 10, headerLength), StringComparison.Ordinal);
        var read = new float[rows * dim];
        Buffer.BlockCopy(bytes, 10 + headerLength, read, 0, bytes.Length - 10 - headerLength);
        Assert.Equal(values, read);
    }

    [Fact]
    public void What_SaveNpy_writes_LoadNpy_reads_to_the_bit() => Check.QuickThrowOnFailure(Prop.ForAll<int, NonNegativeInt, PositiveInt>((seed, rowCount, size) =>
    {
        using var folder = new TempFolder();
        var (rows, dim) = (rowCount.Get % 50, (size.Get % 50) + 1);
        // Any bits: infinities, subnormal numbers and every kind of NaN among them.
        var values = new float[rows * dim];
        new Random(seed).NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        var path = folder.File("x.npy");
        new FeatureMatrix(values, rows, dim).SaveNpy(path);
        var read = FeatureMatrix.LoadNpy(path);
        return read.RowCount == rows && read.Dim == dim && MemoryMarshal.AsBytes(read.Values).SequenceEqual(MemoryMarshal.AsBytes(values.AsSpan()));
    }));

    [Theory]
    [InlineData(1, 118)]
    [InlineData(2, 116)]
    public void LoadNpy_reads_both_formats_of_NumPy(byte format, int headerLength)
    {
        using var folder = new TempFolder();
        var path = folder.File("x.npy");
        float[] values = [1, -2, 3.5f, 4, 5, 6];
        File.WriteAllBytes(path, Npy(format, headerLength, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", values));
        var read = FeatureMatrix.LoadNpy(path);
        Assert.Equal((2, 3), (read.RowCount, read.Dim));
        Assert.Equal(values, read.Values.ToArray());
    }

    [Theory]
    [InlineData(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 6, "holds numbers of the type '<f8', but OnnxTransfer reads float32 ('<f4'): save it with array.astype('<f4')")]
    [InlineData(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", 6, "holds numbers of the type '>f4'")]
    [InlineData(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3), }", 6, "holds numbers of the type ''")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 6, "is stored column by column: save it with numpy.ascontiguousarray(array)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", 6, "has the shape (6), but OnnxTransfer reads a matrix of rows and features")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", 6, "has the shape (1, 2, 3)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0), }", 0, "has the shape (2, 0)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000, 2000000000), }", 6, "has the shape (2000000000, 2000000000)")]
    [InlineData(1, "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", 6, "holds numbers of the type '|O'")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000000, 1), }", 6, "has the shape (1000000000000000000, 1)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }", 6, "has the shape (2, -3)")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, }", 6, "has a header without a shape")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 5, "has 148 bytes, but its shape needs 152")]
    [InlineData(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 7, "has 156 bytes, but its shape needs 152")]
    [InlineData(3, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 6, "is a NumPy array of format 3.0, but OnnxTransfer reads formats 1 and 2")]
    public void LoadNpy_refuses_what_it_would_read_wrongly(byte format, string header, int numbers, string message)
    {
        using var folder = new TempFolder();
        var path = folder.File("x.npy");
        File.WriteAllBytes(path, Npy(format, format == 1 ? 118 : 116, header, new float[numbers]));
        var error = Assert.Throws<InvalidDataException>(() => FeatureMatrix.LoadNpy(path));
        Assert.StartsWith($"The file '{path}' {message}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadNpy_refuses_a_file_cut_anywhere()
    {
        using var folder = new TempFolder();
        var path = folder.File("x.npy");
        var whole = Npy(1, 118, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", new float[6]);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains(path, Assert.Throws<InvalidDataException>(() => FeatureMatrix.LoadNpy(path)).Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Npy(byte format, int headerLength, string header, float[] values) =>
    [
        0x93, .. "NUMPY"u8, format, 0, .. format == 1 ? BitConverter.GetBytes((ushort)headerLength) : BitConverter.GetBytes(headerLength),
        .. Encoding.ASCII.GetBytes(header.PadRight(headerLength - 1) + "\n"), .. MemoryMarshal.AsBytes(values.AsSpan()),
    ];
}
