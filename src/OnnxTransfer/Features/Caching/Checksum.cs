using System.Numerics;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Features.Caching;

/// <summary>CRC-32C of a vector: SQLite itself does not notice a changed byte within a value.</summary>
internal static class Checksum
{
    internal static uint Of(ReadOnlySpan<byte> value)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(value)) crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in value[(value.Length / 8 * 8)..]) crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
