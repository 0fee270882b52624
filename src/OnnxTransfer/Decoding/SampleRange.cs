using System.Runtime.InteropServices;

namespace OnnxTransfer.Decoding;

/// <summary>The least and the greatest value of an image, over all its color channels together.</summary>
internal sealed class SampleRange
{
    private const int Most = ushort.MaxValue;

    private int _low = Most;
    private int _high;

    /// <summary>Adds the values of a row.</summary>
    /// <param name="row"><c>[W,channels]</c>, 16 bits per sample in the byte order of the machine.</param>
    /// <param name="layout">The layout of the samples.</param>
    internal void Add(ReadOnlySpan<byte> row, SampleLayout layout)
    {
        var samples = MemoryMarshal.Cast<byte, ushort>(row);
        for (var i = 0; i < samples.Length; i += layout.Channels)
        {
            for (var c = 0; c < layout.Colors; c++)
            {
                _low = Math.Min(_low, samples[i + c]);
                _high = Math.Max(_high, samples[i + c]);
            }
        }
    }

    /// <summary>
    /// Stretches a row to the full range: <c>(v - low) * 65535 / (high - low)</c>, rounded to nearest. An image with only one value does
    /// not change.
    /// </summary>
    /// <param name="samples">The row, changed in place.</param>
    /// <param name="layout">The layout of the samples.</param>
    internal void Stretch(Span<ushort> samples, SampleLayout layout)
    {
        var span = _high - _low;
        if (span <= 0) return;
        for (var i = 0; i < samples.Length; i += layout.Channels)
        {
            for (var c = 0; c < layout.Colors; c++)
            {
                ref var sample = ref samples[i + c];
                sample = (ushort)((((long)(sample - _low) * Most) + (span / 2)) / span);
            }
        }
    }
}
