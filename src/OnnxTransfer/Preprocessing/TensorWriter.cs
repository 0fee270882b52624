using System.Runtime.CompilerServices;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Normalises resized rows and puts them into one image of a tensor: <c>x = (pixel * Rescale - Mean) / Std</c>, computed
/// in double and rounded once to float32.
/// </summary>
internal sealed class TensorWriter
{
    private static readonly ConditionalWeakTable<PreprocessSpec, TensorWriter> s_writers = [];

    /// <summary>The value of every byte, <c>[3,256]</c>, by source channel R, G, B.</summary>
    private readonly float[] _table = new float[3 * 256];
    private readonly double[] _scale = new double[3];
    private readonly double[] _offset = new double[3];
    private readonly bool _reversed;

    private TensorWriter(PreprocessSpec spec)
    {
        _reversed = spec.Channels == ChannelOrder.Bgr;
        for (var c = 0; c < 3; c++)
        {
            // Mean and Std are in the tensor's order, the table in the pixels'.
            var channel = TensorChannel(c);
            var (mean, std) = (spec.Mean[channel], spec.Std[channel]);
            _scale[c] = spec.Rescale / std;
            _offset[c] = -mean / std;
            for (var value = 0; value < 256; value++)
                _table[(c * 256) + value] = (float)(((value * spec.Rescale) - mean) / std);
        }
    }

    /// <summary>The writer of a spec, made once while the spec lives.</summary>
    internal static TensorWriter For(PreprocessSpec spec) => s_writers.GetValue(spec, static s =>
    {
        s.Validate();
        return new TensorWriter(s);
    });

    /// <summary>Writes the row that <paramref name="rows"/> has just produced.</summary>
    /// <param name="rows">Holds the row <c>[width,3]</c>.</param>
    /// <param name="y">The row's number.</param>
    /// <param name="geometry">The image's size.</param>
    /// <param name="layout">The order of the tensor's axes.</param>
    /// <param name="image">One image of the tensor, <c>3 * Height * Width</c> values.</param>
    internal void Write(RowResampler rows, int y, ResizeGeometry geometry, TensorLayout layout, Span<float> image)
    {
        var (width, plane) = (geometry.Width, geometry.Width * geometry.Height);
        for (var c = 0; c < 3; c++)
        {
            // From HWC, where R, G and B of a pixel are neighbours, to the tensor: CHW has a plane to a channel, each
            // row-major; HWC stays as it is. BGR swaps the channels on the way.
            var channel = TensorChannel(c);
            var (start, step) = layout == TensorLayout.Nchw
                ? ((channel * plane) + (y * width), 1)
                : ((y * width * 3) + channel, 3);
            var target = image.Slice(start, ((width - 1) * step) + 1);
            if (rows.ProducesFloats) WriteFloats(rows.Floats[c..], c, target, step);
            else WriteBytes(rows.Bytes[c..], c, target, step);
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> row, int channel, Span<float> target, int step)
    {
        var table = _table.AsSpan(channel * 256, 256);
        for (int i = 0, o = 0; o < target.Length; i += 3, o += step) target[o] = table[row[i]];
    }

    private void WriteFloats(ReadOnlySpan<float> row, int channel, Span<float> target, int step)
    {
        var (scale, offset) = (_scale[channel], _offset[channel]);
        for (int i = 0, o = 0; o < target.Length; i += 3, o += step) target[o] = (float)((row[i] * scale) + offset);
    }

    private int TensorChannel(int sourceChannel) => _reversed ? 2 - sourceChannel : sourceChannel;
}
