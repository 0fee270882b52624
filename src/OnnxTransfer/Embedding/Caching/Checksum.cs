using System.IO.Hashing;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>XXH3 of a vector, 64 bits as SQLite's signed integer: SQLite itself does not notice a changed byte within a value.</summary>
internal static class Checksum
{
    internal static long Of(ReadOnlySpan<byte> value) => unchecked((long)XxHash3.HashToUInt64(value));
}
