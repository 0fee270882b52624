using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>Normalizes resized rows and puts them into one image of a tensor. Thread-safe.</summary>
internal sealed class TensorWriter
{
    private readonly ChannelScales _channels;
    private readonly bool _reversed;
    private readonly TensorLayout _layout;

    /// <param name="spec">A valid spec.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    internal TensorWriter(PreprocessSpec spec, TensorLayout layout)
    {
        _channels = new ChannelScales(spec);
        _reversed = spec.Bgr;
        _layout = layout;
    }

    /// <summary>Writes the row that <paramref name="rows"/> has just produced.</summary>
    /// <param name="rows">Holds the row <c>[width,3]</c>.</param>
    /// <param name="y">The row's number.</param>
    /// <param name="geometry">The image's size.</param>
    /// <param name="image">One image of the tensor, <c>3 * Height * Width</c> values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Write(RowResampler rows, int y, ResizeGeometry geometry, Span<float> image)
    {
        var width = geometry.Width;
        if (_layout == TensorLayout.Nhwc)
        {
            // HWC to HWC: R, G and B of a pixel stay neighbors, in the tensor's order.
            var target = image.Slice(3 * y * width, 3 * width);
            var done = rows.ProducesFloats || !rows.UsesVectors ? 0
                : VectorKernels.NormalizeInterleaved(rows.PaddedBytes, _channels, _reversed, target);
            for (var c = 0; c < 3; c++) WriteRest(rows, c, done, target[_channels.Channel[c]..], 3);
            if (geometry.IsMirrored) MemoryMarshal.Cast<float, Pixel>(target).Reverse();
            return;
        }

        // HWC to CHW: a plane to a channel, each [Height,Width] row-major, in the tensor's order.
        var plane = width * geometry.Height;
        var start = y * width;
        var r = image.Slice((_channels.Channel[0] * plane) + start, width);
        var g = image.Slice((_channels.Channel[1] * plane) + start, width);
        var b = image.Slice((_channels.Channel[2] * plane) + start, width);
        var written = rows.ProducesFloats || !rows.UsesVectors ? 0 : VectorKernels.NormalizePlanar(rows.Bytes, _channels, r, g, b);
        WriteRest(rows, 0, written, r, 1);
        WriteRest(rows, 1, written, g, 1);
        WriteRest(rows, 2, written, b, 1);
        if (!geometry.IsMirrored) return;
        r.Reverse();
        g.Reverse();
        b.Reverse();
    }

    /// <summary>One channel of the row, from pixel <paramref name="x"/> on; its values are <paramref name="step"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void WriteRest(RowResampler rows, int channel, int x, Span<float> target, int step)
    {
        var (scale, offset) = (_channels.Scale[channel], _channels.Offset[channel]);
        if (rows.ProducesFloats)
        {
            var row = rows.Floats;
            for (var o = x * step; o < target.Length; x++, o += step) target[o] = (row[(3 * x) + channel] * scale) + offset;
        }
        else
        {
            var row = rows.Bytes;
            for (var o = x * step; o < target.Length; x++, o += step) target[o] = (row[(3 * x) + channel] * scale) + offset;
        }
    }

    /// <summary>The three channels of a pixel, which stay together when a row is reversed.</summary>
    private readonly record struct Pixel(float First, float Second, float Third);
}
