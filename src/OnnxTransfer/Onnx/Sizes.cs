namespace OnnxTransfer.Onnx;

/// <summary>The sizes of a tensor's axes.</summary>
internal static class Sizes
{
    /// <summary>The numbers in a tensor: the product of its sizes, 1 where it has no axes.</summary>
    internal static long Product(ReadOnlySpan<long> sizes)
    {
        var product = 1L;
        foreach (var size in sizes) product *= size;
        return product;
    }
}
