using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding;

/// <summary>Limits and choices of a decode.</summary>
public sealed record DecodeOptions
{
    private readonly long _maxPixels = 100_000_000;
    private readonly int _maxEncodedBytes = 256 << 20;

    /// <summary>The defaults.</summary>
    public static DecodeOptions Default { get; } = new();

    /// <summary>
    /// The most pixels (width times height) an image may claim, 100 million by default: read from the header and refused
    /// before any pixel is decoded, so that a small file cannot demand gigabytes.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public long MaxPixels
    {
        get => _maxPixels;
        init
        {
            if (value <= 0) Throw.ArgumentNotPositive(nameof(MaxPixels), value);
            _maxPixels = value;
        }
    }

    /// <summary>The most bytes an encoded image may have, 256 MiB by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not positive.</exception>
    public int MaxEncodedBytes
    {
        get => _maxEncodedBytes;
        init
        {
            if (value <= 0) Throw.ArgumentNotPositive(nameof(MaxEncodedBytes), value);
            _maxEncodedBytes = value;
        }
    }

    /// <summary>The RGB colour that transparent pixels are composited over; white by default.</summary>
    public (byte R, byte G, byte B) Background { get; init; } = (255, 255, 255);
}
