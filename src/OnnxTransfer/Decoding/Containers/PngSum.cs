using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>
/// The checksum of a PNG chunk: the CRC-32 of ISO 3309 (PNG, annex D). It takes eight bytes per step, or 64 if the processor has carry-less
/// multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009).
/// </summary>
internal static class PngSum
{
    private const uint Polynomial = 0xEDB88320;

    /// <summary>The bytes of four vectors.</summary>
    private const int Step = 64;

    /// <summary>Eight tables with 256 entries each: the effect of a byte on the sum when that many bytes follow it.</summary>
    private static readonly uint[] s_tables = Tables();

    /// <summary>The checksum of a chunk's kind and content.</summary>
    internal static uint Of(ReadOnlySpan<byte> bytes) => ~Append(uint.MaxValue, bytes);

    /// <summary>The checksum of two consecutive pieces.</summary>
    internal static uint Of(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> body) => ~Append(Append(uint.MaxValue, kind), body);

    /// <summary>The checksum computed only with the tables, for a test.</summary>
    internal static uint ByTables(ReadOnlySpan<byte> bytes) => ~AppendByTables(uint.MaxValue, bytes);

    private static uint Append(uint sum, ReadOnlySpan<byte> bytes)
    {
        if (!Pclmulqdq.IsSupported || bytes.Length < 2 * Step) return AppendByTables(sum, bytes);
        // Remainders of powers of x modulo the polynomial: for a distance of four vectors, and of one.
        var (overFour, overOne) = (Vector128.Create(0x154442bd4ul, 0x1c6e41596ul), Vector128.Create(0x1751997d0ul, 0x0ccaa009eul));
        var vectors = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes[..(bytes.Length / Step * Step)]);
        var (a, b, c, d) = (vectors[0] ^ Vector128.CreateScalar((ulong)sum), vectors[1], vectors[2], vectors[3]);
        for (var i = 4; i + 4 <= vectors.Length; i += 4)
        {
            a = Fold(a, overFour) ^ vectors[i];
            b = Fold(b, overFour) ^ vectors[i + 1];
            c = Fold(c, overFour) ^ vectors[i + 2];
            d = Fold(d, overFour) ^ vectors[i + 3];
        }

        // The remaining 16 bytes have the same remainder as all bytes so far.
        Vector128<ulong> rest = Fold(Fold(Fold(a, overOne) ^ b, overOne) ^ c, overOne) ^ d;
        return AppendByTables(AppendByTables(0, MemoryMarshal.AsBytes(new ReadOnlySpan<Vector128<ulong>>(in rest))), bytes[(vectors.Length * Vector128<byte>.Count)..]);

        static Vector128<ulong> Fold(Vector128<ulong> value, Vector128<ulong> power) =>
            Pclmulqdq.CarrylessMultiply(value, power, 0x00) ^ Pclmulqdq.CarrylessMultiply(value, power, 0x11);
    }

    private static uint AppendByTables(uint sum, ReadOnlySpan<byte> bytes)
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
