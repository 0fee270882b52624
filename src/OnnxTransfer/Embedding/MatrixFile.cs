using System.Runtime.InteropServices;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding;

/// <summary>Feature vectors in a NumPy <c>.npy</c> file.</summary>
internal static class MatrixFile
{
    internal static void WriteNpy(string path, FeatureMatrix matrix) => AtomicFile.Write(path, stream =>
    {
        stream.Write(NpyHeader.OfMatrix(matrix.RowCount, matrix.Dim));
        stream.Write(MemoryMarshal.AsBytes(matrix.Values));
    });

    internal static FeatureMatrix ReadNpy(string path)
    {
        using var stream = InputFile.OpenRead(path);
        var header = Header(path, stream);
        if (header.Type != "<f4") throw Throw.FeatureFileInvalid(path, $"holds numbers of the type '{header.Type}', but OnnxTransfer reads float32 ('<f4'): save it with array.astype('<f4')");
        if (header.Shape is not [var rows, > 0 and <= int.MaxValue and var dim] || rows > Array.MaxLength / dim)
            throw Throw.FeatureFileInvalid(path, $"has the shape ({string.Join(", ", header.Shape)}), but OnnxTransfer reads a matrix of rows and features with at most {Array.MaxLength} numbers");
        if (header.IsColumnMajor) throw Throw.FeatureFileInvalid(path, "is stored column by column: save it with numpy.ascontiguousarray(array)");
        var expected = header.Bytes + (rows * dim * sizeof(float));
        if (stream.Length != expected) throw Throw.FeatureFileInvalid(path, $"has {stream.Length} bytes, but its shape needs {expected}: save or copy it again");
        var values = new float[rows * dim];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return new FeatureMatrix(values, (int)rows, (int)dim);
    }

    private static NpyHeader Header(string path, FileStream stream)
    {
        try
        {
            return NpyHeader.Read(stream, stream.Length);
        }
        catch (InvalidDataException exception)
        {
            throw Throw.FeatureFileInvalid(path, exception.Message, exception);
        }
    }
}
