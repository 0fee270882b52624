using System.Buffers;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding;

/// <summary>The bytes of a file in rented memory, which goes back on <see cref="Dispose"/>.</summary>
internal readonly struct EncodedFile : IDisposable
{
    private readonly byte[] _bytes;
    private readonly int _length;

    private EncodedFile(byte[] bytes, int length)
    {
        _bytes = bytes;
        _length = length;
    }

    /// <summary>The content; valid until <see cref="Dispose"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <exception cref="ImageDecodeException">The file is missing, unreadable or larger than the limit.</exception>
    internal static EncodedFile Read(string path, DecodeOptions options)
    {
        try
        {
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

            return new EncodedFile(bytes, filled);
        }
        catch (ImageDecodeException exception)
        {
            throw Throw.ImageFile(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Throw.ImageFileUnreadable(path, exception);
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);
}
