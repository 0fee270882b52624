using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void MatrixHasWrongLength(long length, int rowCount, int dim) =>
        throw new ArgumentException($"A matrix of {rowCount} rows and {dim} columns has {(long)rowCount * dim} values, but {length} were given.");
}
