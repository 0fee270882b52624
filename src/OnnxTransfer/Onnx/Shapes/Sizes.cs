using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Products of the sizes of a tensor's axes.</summary>
internal static class Sizes
{
    /// <summary>More elements than any tensor has.</summary>
    private const long TooMany = 1L << 48;

    /// <summary>The elements of a tensor that is there: the product of its sizes, 1 where it has no axes.</summary>
    internal static long Product(ReadOnlySpan<long> sizes)
    {
        var product = 1L;
        foreach (var size in sizes) product *= size;
        return product;
    }

    /// <summary>
    /// The number of elements of a tensor that a file describes; null if a size is not known, or if no tensor can have that number.
    /// </summary>
    internal static long? Product(IEnumerable<OnnxDim> dims)
    {
        var product = 1L;
        foreach (var dim in dims)
        {
            if (dim.Size is not { } size || (product = Product(product, size)) < 0) return null;
        }

        return product;
    }

    /// <summary>-1 stands for a product that no tensor can have, so that a damaged file's sizes cannot wrap around.</summary>
    internal static long Product(long a, long b) => a < 0 || b < 0 || (b > 0 && a > TooMany / b) ? -1 : a * b;
}
