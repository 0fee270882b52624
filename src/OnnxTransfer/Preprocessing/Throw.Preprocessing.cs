using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void TensorHasWrongLength(int length, int width, int height) =>
        throw new ArgumentException($"One image of {width}x{height} pixels takes {3L * width * height} tensor values, but the span has room for {length}.");

    [DoesNotReturn]
    internal static void BatchTooLarge(int count, int width, int height) =>
        throw new ArgumentOutOfRangeException(nameof(count), count, $"A batch of {count} images of {width}x{height} pixels exceeds what one array can hold; use a smaller batch.");

    [DoesNotReturn]
    internal static void CropNotInside(string name, int cropWidth, int cropHeight, int width, int height) =>
        throw new ArgumentOutOfRangeException(name, $"{name} is {cropWidth}x{cropHeight}, but must be at most {width}x{height} pixels, the size that the resize always leaves.");

    [DoesNotReturn]
    internal static void PresetUnknown(string name, IEnumerable<string> known) =>
        throw new ArgumentException($"There is no preprocessing named '{name}'; the names are {Known(name, known)}.");

    [DoesNotReturn]
    internal static void ImageTooNarrow(int width, int height, int edge) =>
        throw new ImageDecodeException($"An image of {width}x{height} pixels is too narrow: with its shorter side brought to {edge}, the longer one has more than 2^28 pixels; cut it into pieces.");
}
