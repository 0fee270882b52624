using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>Walks through the chunks of a WebP file (RFC 9649), sound or not, up to the length that its header says or the file's end.</summary>
/// <param name="file">A file that begins as WebP does.</param>
internal ref struct WebpChunks(ReadOnlySpan<byte> file)
{
    internal const int HeaderLength = 12;

    // The length counts from behind itself. What follows is none of the image.
    private readonly ReadOnlySpan<byte> _file = file.Length < HeaderLength ? default : file[..(int)Math.Min(8L + ReadUInt32LittleEndian(file[4..]), file.Length)];
    private int _at = HeaderLength;

    public WebpChunk Current { get; private set; }

    public readonly WebpChunks GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_file.Length - _at < 8) return false;
        long length = ReadUInt32LittleEndian(_file[(_at + 4)..]);
        var body = _file[(_at + 8)..];
        if (length < body.Length) body = body[..(int)length];
        // A chunk of an odd length is padded; the last one's padding may be missing.
        var end = (int)Math.Min(_at + 8 + length + (length & 1), _file.Length);
        Current = new WebpChunk(_file.Slice(_at, 4), body, length, _at, end);
        _at = end;
        return true;
    }
}

/// <summary>One chunk.</summary>
internal readonly ref struct WebpChunk(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body, long length, int start, int end)
{
    /// <summary>Four letters.</summary>
    internal ReadOnlySpan<byte> Kind { get; } = kind;

    /// <summary>What is there of the body.</summary>
    internal ReadOnlySpan<byte> Body { get; } = body;

    /// <summary>The bytes that the body should have.</summary>
    internal long Length { get; } = length;

    internal int Start { get; } = start;

    /// <summary>Where the next one begins.</summary>
    internal int End { get; } = end;

    /// <summary>Whether the file ends within the chunk.</summary>
    internal bool IsCut => Body.Length < Length;

    internal bool Is(ReadOnlySpan<byte> kind) => Kind.SequenceEqual(kind);
}
