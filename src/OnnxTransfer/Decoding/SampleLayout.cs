namespace OnnxTransfer.Decoding;

/// <summary>How the samples of a stored pixel lie: the colors first.</summary>
/// <param name="Colors">1 for gray, 3 for RGB, 4 for CMYK (0 is no ink).</param>
/// <param name="Channels">Samples of a pixel.</param>
/// <param name="Alpha">Which sample is alpha (not premultiplied); 0 for none.</param>
/// <param name="IsDeep">Whether samples have 16 bits in the machine's byte order, and not 8.</param>
internal readonly record struct SampleLayout(int Colors, int Channels, int Alpha, bool IsDeep)
{
    /// <summary>Bytes of a pixel.</summary>
    internal int PixelBytes => IsDeep ? 2 * Channels : Channels;
}
