using System.Buffers;

namespace OnnxTransfer;

/// <summary>
/// Upright sRGB pixels, <c>[H,W,3]</c> bytes in the order R, G, B, without padding between rows. The memory of a small image is rented from
/// a pool, and <see cref="Dispose"/> returns it. Spans from the buffer are valid until then.
/// </summary>
public sealed class PixelBuffer : IDisposable
{
    /// <summary>
    /// The largest rented array. The pool would round a larger array up to a power of two and keep one for every thread that has used one.
    /// </summary>
    private const int MostPooled = 1 << 20;

    private byte[]? _bytes;

    private PixelBuffer(byte[] bytes, int width, int height)
    {
        _bytes = bytes;
        Width = width;
        Height = height;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Warnings about the pixels, such as a damaged file, each in one sentence; empty if there are none.</summary>
    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>The pixels, <c>[H,W,3]</c>, row-major.</summary>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public Span<byte> Pixels
    {
        get
        {
            ObjectDisposedException.ThrowIf(_bytes is null, this);
            return _bytes.AsSpan(0, Width * Height * 3);
        }
    }

    /// <summary>Rents a buffer whose content is undefined.</summary>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A side is not positive, or the pixels exceed 2 GB.</exception>
    public static PixelBuffer Rent(int width, int height)
    {
        if (width <= 0) Throw.ArgumentNotPositive(nameof(width), width);
        if (height <= 0) Throw.ArgumentNotPositive(nameof(height), height);
        var length = 3L * width * height;
        if (length > Array.MaxLength) Throw.PixelsTooMany(width, height);
        return new PixelBuffer(length <= MostPooled ? ArrayPool<byte>.Shared.Rent((int)length) : GC.AllocateUninitializedArray<byte>((int)length), width, height);
    }

    /// <summary>Copies pixels that the caller has already decoded.</summary>
    /// <param name="rgb">RGB24 pixels <c>[H,W,3]</c>, row-major, exactly <c>3 * width * height</c> bytes.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <exception cref="ArgumentException"><paramref name="rgb"/> has another length.</exception>
    public static PixelBuffer FromRgb(ReadOnlySpan<byte> rgb, int width, int height)
    {
        var buffer = Rent(width, height);
        if (rgb.Length != buffer.Pixels.Length)
        {
            buffer.Dispose();
            Throw.PixelsHaveWrongLength(rgb.Length, width, height);
        }

        rgb.CopyTo(buffer.Pixels);
        return buffer;
    }

    /// <summary>Adds sentences to <see cref="Warnings"/>. A custom decoder calls this if the pixels may be wrong.</summary>
    /// <param name="warnings">The sentences.</param>
    public void Warn(params IEnumerable<string> warnings) => Warnings = [.. Warnings, .. warnings];

    /// <summary>Returns the memory. Calling it again does nothing.</summary>
    public void Dispose()
    {
        var bytes = Interlocked.Exchange(ref _bytes, null);
        if (bytes is not null && 3L * Width * Height <= MostPooled) ArrayPool<byte>.Shared.Return(bytes);
    }
}
