using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The checksum of a PNG chunk: CRC-32 of ISO 3309 (PNG, annex D), eight bytes at a step.</summary>
internal static class PngSum
{
    private const uint Polynomial = 0xEDB88320;

    /// <summary>Eight tables of 256: what a byte does to the sum when that many bytes follow it.</summary>
    private static readonly uint[] s_tables = Tables();

    /// <summary>The sum of a chunk's kind and body.</summary>
    internal static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>The sum of two pieces.</summary>
    internal static uint Of(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body) => ~Append(Append(uint.MaxValue, kind), body);

    private static uint Append(uint sum, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<uint> table = s_tables;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var (low, high) = (ReadUInt32LittleEndian(bytes) ^ sum, ReadUInt32LittleEndian(bytes[4..]));
            sum = table[(7 << 8) + (int)(low & 255)] ^ table[(6 << 8) + (int)((low >> 8) & 255)] ^ table[(5 << 8) + (int)((low >> 16) & 255)] ^ table[(4 << 8) + (int)(low >> 24)]
                ^ table[(3 << 8) + (int)(high & 255)] ^ table[(2 << 8) + (int)((high >> 8) & 255)] ^ table[(1 << 8) + (int)((high >> 16) & 255)] ^ table[(int)(high >> 24)];
        }

        foreach (var one in bytes) sum = (sum >> 8) ^ table[(int)((sum ^ one) & 255)];
        return sum;
    }

    private static uint[] Tables()
    {
        var tables = new uint[8 << 8];
        for (var i = 0u; i < 256; i++)
        {
            var sum = i;
            for (var bit = 0; bit < 8; bit++) sum = (sum & 1) == 0 ? sum >> 1 : (sum >> 1) ^ Polynomial;
            tables[i] = sum;
        }

        for (var i = 256; i < tables.Length; i++) tables[i] = (tables[i - 256] >> 8) ^ tables[tables[i - 256] & 255];
        return tables;
    }
}
