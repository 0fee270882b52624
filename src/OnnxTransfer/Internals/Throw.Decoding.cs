using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void PixelsTooMany(int width, int height) =>
        throw new ArgumentOutOfRangeException(nameof(width), $"An image of {width}x{height} pixels needs more than the 2 GB that one buffer can hold.");

    [DoesNotReturn]
    internal static void PixelsHaveWrongLength(int length, int width, int height) =>
        throw new ArgumentException($"RGB pixels of a {width}x{height} image are {3L * width * height} bytes, but {length} were given.");
}
