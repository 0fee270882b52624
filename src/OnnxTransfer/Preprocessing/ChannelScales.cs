namespace OnnxTransfer.Preprocessing;

/// <summary>
/// The normalization <c>(pixel * Rescale - Mean) / Std</c> as one multiplication and one addition,
/// <c>pixel * Scale + Offset</c>, by the pixels' channels R, G, B. The factors are computed in double and rounded once, so a
/// value differs from the exact one by at most 2 units in the last place of the larger of the two terms.
/// </summary>
internal readonly struct ChannelScales
{
    internal ChannelScales(PreprocessSpec spec)
    {
        Scale = new float[3];
        Offset = new float[3];
        Channel = new int[3];
        for (var c = 0; c < 3; c++)
        {
            // Mean and Std are in the tensor's order.
            Channel[c] = spec.Bgr ? 2 - c : c;
            Scale[c] = (float)(spec.Rescale / spec.Std[Channel[c]]);
            Offset[c] = (float)(-spec.Mean[Channel[c]] / spec.Std[Channel[c]]);
        }
    }

    /// <summary>Factors, <c>[3]</c>.</summary>
    internal float[] Scale { get; }

    /// <summary>Addends, <c>[3]</c>.</summary>
    internal float[] Offset { get; }

    /// <summary>The tensor's channel of each, <c>[3]</c>.</summary>
    internal int[] Channel { get; }
}
