using System.Buffers;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// A batch of prepared images, <c>[N,3,H,W]</c> or <c>[N,H,W,3]</c> float32. The memory is rented from a pool and goes back
/// on <see cref="Dispose"/>; spans and memory taken from the batch are valid until then.
/// </summary>
internal sealed class TensorBatch : IDisposable
{
    private readonly int _imageLength;
    private float[]? _values;

    private TensorBatch(float[] values, int count, int width, int height, TensorLayout layout)
    {
        _values = values;
        _imageLength = 3 * width * height;
        Count = count;
        Layout = layout;
        Shape = layout == TensorLayout.Nchw ? [count, 3, height, width] : [count, height, width, 3];
    }

    /// <summary>N, the images.</summary>
    internal int Count { get; }

    /// <summary>The order of the axes.</summary>
    internal TensorLayout Layout { get; }

    /// <summary>The four sizes, in the order of the axes.</summary>
    internal long[] Shape { get; }

    /// <summary>All values, row-major.</summary>
    /// <exception cref="ObjectDisposedException">The batch has been disposed.</exception>
    internal Memory<float> Memory
    {
        get
        {
            ObjectDisposedException.ThrowIf(_values is null, this);
            return _values.AsMemory(0, Count * _imageLength);
        }
    }

    /// <inheritdoc cref="Memory"/>
    internal Span<float> Values => Memory.Span;

    /// <summary>Rents a batch whose content is undefined.</summary>
    /// <param name="count">N, at least 1.</param>
    /// <param name="width">Width in pixels, at least 1.</param>
    /// <param name="height">Height in pixels, at least 1.</param>
    /// <param name="layout">The order of the axes.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the batch exceeds what one array can hold.</exception>
    internal static TensorBatch Rent(int count, int width, int height, TensorLayout layout)
    {
        if (count <= 0) Throw.ArgumentNotPositive(nameof(count), count);
        if (width <= 0) Throw.ArgumentNotPositive(nameof(width), width);
        if (height <= 0) Throw.ArgumentNotPositive(nameof(height), height);
        CheckSize(count, width, height);
        return new TensorBatch(ArrayPool<float>.Shared.Rent(3 * count * width * height), count, width, height, layout);
    }

    /// <summary>Refuses a batch that no array can hold.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is too large.</exception>
    internal static void CheckSize(int count, int width, int height)
    {
        if (3.0 * count * width * height > Array.MaxLength) Throw.BatchTooLarge(count, width, height);
    }

    /// <summary>The values of one image, <c>[3,H,W]</c> or <c>[H,W,3]</c>.</summary>
    internal Span<float> Image(int index) => Values.Slice(index * _imageLength, _imageLength);

    /// <inheritdoc cref="Image"/>
    internal Memory<float> ImageMemory(int index) => Memory.Slice(index * _imageLength, _imageLength);

    /// <summary>Returns the memory to the pool. Calling it again does nothing.</summary>
    public void Dispose()
    {
        var values = Interlocked.Exchange(ref _values, null);
        if (values is not null) ArrayPool<float>.Shared.Return(values);
    }
}
