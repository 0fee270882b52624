namespace OnnxTransfer.Decoding.Containers;

/// <summary>A stream that writes into a fixed block of temporary memory.</summary>
/// <param name="memory">The memory; its owner disposes it.</param>
internal sealed class ScratchWriter(ScratchBytes memory) : Stream
{
    private int _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get => _length; set => throw new NotSupportedException(); }

    /// <summary>The bytes that have been written.</summary>
    internal Span<byte> Written => memory.Span[.._length];

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        buffer.CopyTo(memory.Span[_length..]);
        _length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
