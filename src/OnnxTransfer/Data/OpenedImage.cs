using OnnxTransfer.Decoding;

namespace OnnxTransfer.Data;

/// <summary>
/// The content of an image while it is in use: encoded bytes, or pixels. <see cref="Dispose"/> returns its rented memory.
/// </summary>
internal readonly struct OpenedImage : IDisposable
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly EncodedImage? _rented;
    private readonly bool _ownsPixels;

    /// <param name="bytes">Encoded bytes in the caller's memory.</param>
    internal OpenedImage(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <param name="rented">Encoded bytes in rented memory, given back with this.</param>
    internal OpenedImage(EncodedImage rented) => _rented = rented;

    /// <param name="pixels">Pixels.</param>
    /// <param name="owns">Whether they are disposed with this.</param>
    internal OpenedImage(PixelBuffer pixels, bool owns) => (Pixels, _ownsPixels) = (pixels, owns);

    /// <summary>The encoded bytes, where <see cref="Pixels"/> is null; valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Encoded => _rented is { } rented ? rented.Bytes : _bytes.Span;

    /// <summary>The pixels; null for an encoded image.</summary>
    internal PixelBuffer? Pixels { get; }

    public void Dispose()
    {
        _rented?.Dispose();
        if (_ownsPixels) Pixels!.Dispose();
    }
}
