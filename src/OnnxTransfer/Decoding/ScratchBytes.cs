using System.Buffers;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Memory for the duration of one decode. Small memory comes from the pool; larger memory comes from the system and is returned to it at
/// once. The pool would round a large array up to a power of two and keep one for every thread that has used one. Dispose it once.
/// </summary>
internal sealed class ScratchBytes : IDisposable
{
    private const int MostPooled = 1 << 20;

    private readonly byte[]? _pooled;
    // Skia's own memory has a span and a finalizer, so no unsafe code is needed here.
    private readonly SKBitmap? _native;
    private readonly int _length;

    /// <param name="length">The number of bytes; their content is undefined.</param>
    /// <exception cref="ImageDecodeException">There is not enough memory.</exception>
    internal ScratchBytes(int length)
    {
        _length = length;
        if (length <= MostPooled)
        {
            _pooled = ArrayPool<byte>.Shared.Rent(length);
            return;
        }

        _native = new SKBitmap();
        if (_native.TryAllocPixels(new SKImageInfo(MostPooled, ((length - 1) / MostPooled) + 1, SKColorType.Gray8))) return;
        _native.Dispose();
        Throw.ImageOutOfMemory(length);
    }

    /// <summary>The memory; valid until <see cref="Dispose"/>.</summary>
    internal Span<byte> Span => (_native is null ? _pooled : _native.GetPixelSpan())[.._length];

    public void Dispose()
    {
        if (_pooled is not null) ArrayPool<byte>.Shared.Return(_pooled);
        _native?.Dispose();
    }
}
