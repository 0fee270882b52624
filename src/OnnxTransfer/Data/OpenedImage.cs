using System.Globalization;
using System.Security.Cryptography;
using System.Text;
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

    /// <summary>
    /// What tells this image from others: the hash of its content, and also the decoder's name if another decoder than the given one
    /// reads it. So a row that is kept under the key is found only while the same decoder would read the image. The content of pixels
    /// is their size and their RGB values.
    /// </summary>
    /// <returns>32 bytes.</returns>
    internal byte[] ContentKey(IImageDecoder decoder)
    {
        if (Pixels is { } pixels)
            return SHA256.HashData([.. SHA256.HashData(pixels.Pixels), .. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"pixels {pixels.Width}x{pixels.Height}"))]);
        var hash = SHA256.HashData(Encoded);
        return decoder.HandedTo(Encoded) is { } other ? SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(other.Name)]) : hash;
    }

    public void Dispose()
    {
        _rented?.Dispose();
        if (_ownsPixels) Pixels!.Dispose();
    }
}
