namespace OnnxTransfer.Decoding;

/// <summary>Limits and choices of a decode.</summary>
public sealed record DecodeOptions
{
    /// <summary>The defaults.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>
    /// The most pixels (width times height) an image may claim, 100 million by default: read from the header and refused
    /// before any pixel is decoded, so that a small file cannot demand gigabytes.
    /// </summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>The RGB colour that transparent pixels are composited over; white by default.</summary>
    public (byte R, byte G, byte B) Background { get; init; } = (255, 255, 255);
}
