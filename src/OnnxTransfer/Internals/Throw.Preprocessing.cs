using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer.Internals;

internal static partial class Throw
{
    [DoesNotReturn]
    internal static void TensorHasWrongLength(int length, int width, int height) =>
        throw new ArgumentException($"One image of {width}x{height} pixels is {3L * width * height} tensor values, but room for {length} was given.");

    [DoesNotReturn]
    internal static void BatchTooLarge(int count, int width, int height) =>
        throw new ArgumentOutOfRangeException(nameof(count), count, $"A batch of {count} images of {width}x{height} pixels exceeds what one array can hold; use a smaller batch.");

    [DoesNotReturn]
    internal static void ResizeSizeMissing(string mode, string member, int value) =>
        throw new ArgumentException($"The preprocessing resizes by {mode}, which needs a positive {member}, but {member} is {value}.");

    [DoesNotReturn]
    internal static void ResizeAmbiguous(int edge, int width, int height) =>
        throw new ArgumentException($"The preprocessing brings the shorter side to {edge} pixels and also stretches to {width}x{height}; give ShortestEdge, or Width and Height.");

    [DoesNotReturn]
    internal static void CropMissing(int size) =>
        throw new ArgumentException($"The preprocessing brings the shorter side to {size} pixels and leaves the other side open, so it needs a crop of at most {size} pixels.");

    [DoesNotReturn]
    internal static void CropNotInside(int crop, int width, int height) =>
        throw new ArgumentException($"The preprocessing crops {crop}x{crop} pixels, more than the {width}x{height} that the resize leaves for certain; crop at most {Math.Min(width, height)} pixels.");

    [DoesNotReturn]
    internal static void ChannelValuesWrong(string member, int count) =>
        throw new ArgumentException($"The preprocessing's {member} needs one number per channel, three in all, but has {count}.");

    [DoesNotReturn]
    internal static void ChannelValueWrong(string member, int channel, double value, string rule) =>
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"The preprocessing's {member} of channel {channel} is {value}, but must be {rule}."));

    [DoesNotReturn]
    internal static void RescaleWrong(double value) =>
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"The preprocessing multiplies pixels by {value}, but the factor must be finite and not zero."));

    [DoesNotReturn]
    internal static void PresetUnknown(string name, IEnumerable<string> known) =>
        throw new ArgumentException($"There is no preprocessing named '{name}'; there are {Known(name, known)}.");

    [DoesNotReturn]
    internal static void EnumValueUnknown<T>(T value) where T : struct, Enum =>
        throw new ArgumentException($"The preprocessing's {typeof(T).Name} is {value}, which is none of {string.Join(", ", Enum.GetNames<T>())}.");
}
