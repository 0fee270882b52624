using System.Runtime.CompilerServices;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>A Huffman table (ITU-T T.81, annex C).</summary>
internal sealed class JpegTable
{
    /// <summary>The number of bits of a lookup of one code; longer codes are rare.</summary>
    private const int FastBits = 10;

    /// <summary>The number of bits of a lookup of several codes.</summary>
    internal const int SeveralBits = 11;

    /// <summary>
    /// The last tables that a thread has used. Most files have the standard tables, and building those costs as much as following a small
    /// image's codes.
    /// </summary>
    [ThreadStatic]
    private static JpegTable?[]? t_recent;

    [ThreadStatic]
    private static int t_next;

    private readonly byte[] _definition;
    private readonly byte[] _values;
    private readonly int[] _end = new int[18];
    private readonly int[] _offset = new int[17];
    private ushort[]? _several;

    private JpegTable(ReadOnlySpan<byte> definition)
    {
        _definition = definition.ToArray();
        _values = _definition[16..];
    }

    /// <summary>
    /// For every <see cref="FastBits"/> bits: 256 times the total bits of code and value, plus the symbol; 0 for a longer code.
    /// </summary>
    private ushort[] Fast { get; } = new ushort[1 << FastBits];

    /// <summary>
    /// For every <see cref="SeveralBits"/> bits, the codes and values that fit in them: the total number of bits, plus 32 if the last code
    /// ends the block, plus 64 times the number of coefficients. The entry is 0 if not even one code fits.
    /// </summary>
    internal ushort[] Several => _several ??= BuildSeveral();

    /// <summary>The symbol whose code is zeros alone.</summary>
    internal int SymbolOfZeros => Entry(0) & 255;

    /// <summary>The number of symbols.</summary>
    internal int Count => _values.Length;

    /// <summary>The code at the left of 64 bits: 256 times the bits of code and value together, and the symbol.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Entry(ulong bits)
    {
        int entry = Fast[(int)(bits >> (64 - FastBits))];
        return entry != 0 ? entry : Slow((int)(bits >> 48));
    }

    /// <summary>Reads a table; null if the lengths do not form a valid code.</summary>
    /// <param name="definition">Sixteen counts of codes, by length, and then the symbols.</param>
    internal static JpegTable? Read(ReadOnlySpan<byte> definition)
    {
        var count = 0;
        for (var i = 0; i < 16; i++) count += definition[i];
        if (count > 256 || definition.Length < 16 + count) return null;
        definition = definition[..(16 + count)];
        t_recent ??= new JpegTable?[8];
        foreach (var recent in t_recent)
        {
            if (recent is not null && definition.SequenceEqual(recent._definition)) return recent;
        }

        var table = new JpegTable(definition);
        if (!table.Build(definition[..16])) return null;
        t_recent[t_next++ & 7] = table;
        return table;
    }

    /// <summary>
    /// Finds a code longer than <see cref="FastBits"/> at the left of 16 bits: 256 times the total bits of code and value, plus the symbol.
    /// </summary>
    /// <remarks>A code that does not exist counts as 16 bits with the symbol 0, as in libjpeg-turbo.</remarks>
    private int Slow(int bits)
    {
        for (var length = FastBits + 1; length <= 16; length++)
        {
            var code = bits >> (16 - length);
            if (code < _end[length]) return Entry(_values[_offset[length] + code], length);
        }

        return 16 << 8;
    }

    private static int Entry(byte symbol, int length) => ((length + (symbol & 15)) << 8) | symbol;

    private ushort[] BuildSeveral()
    {
        var several = new ushort[1 << SeveralBits];
        for (var window = 0; window < several.Length; window++)
        {
            var (used, passed) = (0, 0);
            while (used < SeveralBits)
            {
                int entry = Fast[((window << used) & ((1 << SeveralBits) - 1)) >> (SeveralBits - FastBits)];
                // Bits after the window count as zeros, so a code that needs them is not included.
                if (entry == 0 || used + (entry >> 8) > SeveralBits) break;
                used += entry >> 8;
                if ((entry & 15) == 0 && (entry & 255) != 0xF0)
                {
                    several[window] = (ushort)(used | 32 | (passed << 6));
                    break;
                }

                passed += ((entry >> 4) & 15) + 1;
                several[window] = (ushort)(used | (passed << 6));
            }
        }

        return several;
    }

    private bool Build(ReadOnlySpan<byte> counts)
    {
        var (code, next) = (0, 0);
        for (var length = 1; length <= 16; length++, code <<= 1)
        {
            _offset[length] = next - code;
            for (var i = 0; i < counts[length - 1]; i++, code++, next++)
            {
                if (code >= 1 << length) return false;
                if (length > FastBits) continue;
                var first = code << (FastBits - length);
                Fast.AsSpan(first, 1 << (FastBits - length)).Fill((ushort)Entry(_values[next], length));
            }

            _end[length] = counts[length - 1] == 0 ? -1 : code;
        }

        return true;
    }
}
