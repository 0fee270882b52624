using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>From pixels to one image of an input tensor: resize, crop, normalise, layout.</summary>
internal static class ImagePreprocessor
{
    /// <summary>Prepares one image; thread-safe.</summary>
    /// <param name="pixels">The decoded image <c>[H,W,3]</c>.</param>
    /// <param name="spec">What the backbone wants.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="destination">One image of the tensor: exactly 3 values for each pixel of <see cref="PreprocessSpec.OutputSize"/>.</param>
    /// <exception cref="ArgumentException">The spec is contradictory, or the destination has another length.</exception>
    internal static void Prepare(PixelBuffer pixels, PreprocessSpec spec, TensorLayout layout, Span<float> destination)
    {
        var writer = TensorWriter.For(spec);
        var (width, height) = spec.OutputSize;
        if (destination.Length != 3 * width * height) Throw.TensorHasWrongLength(destination.Length, width, height);

        var geometry = ResizeGeometry.For(spec, pixels.Width, pixels.Height);
        var source = pixels.Pixels;
        var stride = 3 * pixels.Width;
        var rows = Resampler.OfThread;
        rows.Start(geometry, spec.Resize.Filter);
        for (var y = 0; y < pixels.Height; y++)
        {
            rows.Push(y, source.Slice(y * stride, stride));
            while (rows.TryProduce(out var row)) writer.Write(rows, row, geometry, layout, destination);
        }
    }
}
