using System.Buffers;

namespace OnnxTransfer.Decoding;

/// <summary>The bytes of an encoded image in rented memory, which <see cref="Dispose"/> returns.</summary>
internal readonly struct EncodedImage : IDisposable
{
    private const int FirstBufferBytes = 64 << 10;

    private readonly byte[] _bytes;
    private readonly int _length;

    private EncodedImage(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    /// <summary>The content; valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Reads a file.</summary>
    /// <exception cref="ImageDecodeException">The file is missing or unreadable, is not an ordinary file, or is larger than the
    /// limit.</exception>
    internal static EncodedImage Read(string path, DecodeOptions options)
    {
        try
        {
            SpecialFile.RequireOrdinary(path);
            using var handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
            var length = RandomAccess.GetLength(handle);
            DecodeChecks.EncodedLength(length, options);
            var bytes = ArrayPool<byte>.Shared.Rent((int)length);
            var filled = 0;
            try
            {
                int read;
                while (filled < length && (read = RandomAccess.Read(handle, bytes.AsSpan(filled, (int)length - filled), filled)) > 0)
                    filled += read;
            }
            catch
            {
                ArrayPool<byte>.Shared.Return(bytes);
                throw;
            }

            return new EncodedImage(bytes, filled);
        }
        catch (ImageDecodeException exception)
        {
            throw Throw.ImageNamed(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Throw.ImageFileUnreadable(path, exception);
        }
    }

    /// <summary>Reads a stream asynchronously from its current position to its end. The stream stays open.</summary>
    /// <exception cref="ImageDecodeException">The stream has more bytes than the limit; at most one byte beyond the limit was
    /// read.</exception>
    internal static async Task<EncodedImage> ReadAsync(Stream stream, DecodeOptions options, CancellationToken cancellationToken)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(FirstBuffer(stream, options));
        var filled = 0;
        try
        {
            while (true)
            {
                // One more byte than the limit distinguishes a stream that ends there from a longer one.
                var end = (int)Math.Min(bytes.Length, options.MaxEncodedBytes + 1L);
                var read = await stream.ReadAsync(bytes.AsMemory(filled, end - filled), cancellationToken).ConfigureAwait(false);
                if (read == 0) return new EncodedImage(bytes, filled);
                filled += read;
                if (filled > options.MaxEncodedBytes) Throw.ImageStreamTooLong(options.MaxEncodedBytes);
                if (filled == bytes.Length) bytes = Grow(bytes);
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(bytes);
            throw;
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    private static int FirstBuffer(Stream stream, DecodeOptions options)
    {
        if (!stream.CanSeek) return FirstBufferBytes;
        return (int)Math.Clamp(stream.Length - stream.Position + 1, 1, options.MaxEncodedBytes + 1L > Array.MaxLength ? Array.MaxLength : options.MaxEncodedBytes + 1L);
    }

    private static byte[] Grow(byte[] bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * bytes.Length, Array.MaxLength));
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        return larger;
    }
}
