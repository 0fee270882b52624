namespace OnnxTransfer.Onnx.Quantization;

/// <summary>The values that a tensor takes, as far as they are to be told apart in 8 bits.</summary>
internal readonly record struct ValueRange(float Min, float Max)
{
    /// <summary>
    /// Scale and zero point of unsigned 8-bit codes, <c>value = (code - zero) * scale</c>. Zero always has a code of its own,
    /// because padding and ReLU make many exact zeros.
    /// </summary>
    public (float Scale, byte Zero) ToUInt8()
    {
        var (low, high) = (Math.Min(Min, 0), Math.Max(Max, 0));
        var scale = (high - low) / byte.MaxValue;
        // A tensor that is zero throughout has no range to divide.
        return scale < 1e-30f ? (1, (byte)0) : (scale, (byte)Math.Clamp(MathF.Round(-low / scale), 0, byte.MaxValue));
    }

    public ValueRange Union(ValueRange other) => new(Math.Min(Min, other.Min), Math.Max(Max, other.Max));
}

/// <summary>Statistics of a float32 network's activations on real images.</summary>
/// <param name="Range">The smallest and the largest value.</param>
/// <param name="ChannelMeans">The mean of each channel <c>[C]</c> of a tensor <c>[N,C,H,W]</c>; empty for any other.</param>
internal sealed record ActivationStatistics(ValueRange Range, float[] ChannelMeans);
