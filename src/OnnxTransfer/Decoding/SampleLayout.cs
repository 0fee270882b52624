namespace OnnxTransfer.Decoding;

/// <summary>The layout of the samples of a stored pixel; the colors come first.</summary>
/// <param name="Colors">1 for gray, 3 for RGB, 4 for CMYK (0 means no ink).</param>
/// <param name="Channels">Samples per pixel.</param>
/// <param name="Alpha">The index of the alpha sample (not premultiplied); 0 if there is none.</param>
/// <param name="IsDeep">Whether samples have 16 bits in the byte order of the machine; otherwise they have 8.</param>
internal readonly record struct SampleLayout(int Colors, int Channels, int Alpha, bool IsDeep)
{
    /// <summary>Bytes per pixel.</summary>
    internal int PixelBytes => IsDeep ? 2 * Channels : Channels;
}
