namespace OnnxTransfer.Conversion.Internals;

/// <summary>The value that stands for zero in front of a maximum pool.</summary>
internal static class PaddingValue
{
    /// <summary>
    /// ONNX Runtime (seen in 1.29) moves a padding of zero into the maximum pool behind it, where padding counts as minus
    /// infinity: wrong wherever all values of a window are negative, as in ResNet v2. It asks for exactly zero, so the least
    /// normal float32 keeps it from that and changes nothing else.
    /// </summary>
    public const float BeforeMaximum = 1.17549435e-38f;
}
