using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The bits of entropy-coded data, up to the next marker; behind it come zeros.</summary>
internal ref struct JpegBits
{
    /// <summary>Looks at several codes between two fillings.</summary>
    private const int Looks = 4;

    private readonly ReadOnlySpan<byte> _file;
    private ulong _bits;
    private int _held;
    private int _at;
    private int _padding;

    internal JpegBits(ReadOnlySpan<byte> file, int at)
    {
        _file = file;
        _at = at;
    }

    /// <summary>Whether codes were read that are not there.</summary>
    internal readonly bool IsPastEnd => _padding > _held;

    /// <summary>The marker at which the data end, once <see cref="SkipToMarker"/> has found it; 0 for the end of the file.</summary>
    internal byte Marker { get; private set; }

    /// <summary>Where the marker is.</summary>
    internal readonly int Position => _at;

    /// <summary>A block of a baseline scan. Nearly all codes are in such blocks, so the state is in locals and a look takes several codes.</summary>
    internal void ReadBaseline(JpegTable direct, JpegTable alternating)
    {
        if (_held < 32) Fill();
        var (bits, held) = (_bits, _held);
        int entry = direct.Fast[(int)(bits >> (64 - JpegTable.FastBits))];
        if (entry == 0) entry = direct.Slow((int)(bits >> 48));
        bits <<= entry >> 8;
        held -= entry >> 8;
        var (several, fast) = (alternating.Several, alternating.Fast);
        for (var k = 1; k < 64;)
        {
            if (held < Looks * JpegTable.SeveralBits)
            {
                (_bits, _held) = (bits, held);
                Fill();
                (bits, held) = (_bits, _held);
            }

            for (var look = 0; look < Looks; look++)
            {
                var codes = several[(int)(bits >> (64 - JpegTable.SeveralBits))];
                var next = k + (codes >> 6);
                // The block may end before the last of several codes; and a long code is not among them.
                if (codes == 0 || next + ((codes >> 5) & 1) > 64) goto single;
                bits <<= codes & 31;
                held -= codes & 31;
                if ((codes & 32) != 0) goto end;
                k = next;
            }

            continue;
        single:
            if (k >= 64) break;
            if (held < 32)
            {
                (_bits, _held) = (bits, held);
                Fill();
                (bits, held) = (_bits, _held);
            }

            entry = fast[(int)(bits >> (64 - JpegTable.FastBits))];
            if (entry == 0) entry = alternating.Slow((int)(bits >> 48));
            bits <<= entry >> 8;
            held -= entry >> 8;
            if ((entry & 15) == 0 && (entry & 255) != 0xF0) break;
            k += ((entry >> 4) & 15) + 1;
        }

    end:
        (_bits, _held) = (bits, held);
    }

    /// <summary>One code and its value.</summary>
    internal void ReadValue(JpegTable table)
    {
        if (_held < 32) Fill();
        int entry = table.Fast[(int)(_bits >> (64 - JpegTable.FastBits))];
        if (entry == 0) entry = table.Slow((int)(_bits >> 48));
        Drop(entry >> 8);
    }

    /// <summary>Coefficients of a block that a progressive file gives for the first time (G.1.2.2).</summary>
    internal void ReadFirst(JpegTable table, int first, int last, ref ulong nonzero, ref int run)
    {
        if (run > 0)
        {
            run--;
            return;
        }

        for (var k = first; k <= last; k++)
        {
            var symbol = ReadSymbol(table);
            var (zeros, size) = (symbol >> 4, symbol & 15);
            if (size == 0)
            {
                if (zeros < 15)
                {
                    run = (1 << zeros) - 1 + (int)Take(zeros);
                    return;
                }

                k += 15;
                continue;
            }

            k += zeros;
            Skip(size);
            if (k < 64) nonzero |= 1ul << k;
        }
    }

    /// <summary>One more bit of coefficients (G.1.2.3): each that is not zero has one, and new ones come between them.</summary>
    internal void ReadRefinement(JpegTable table, int first, int last, ref ulong nonzero, ref int run)
    {
        var k = first;
        if (run == 0)
        {
            for (; k <= last; k++)
            {
                var symbol = ReadSymbol(table);
                var (zeros, size) = (symbol >> 4, symbol & 15);
                if (size == 0 && zeros < 15)
                {
                    run = (1 << zeros) + (int)Take(zeros);
                    break;
                }

                // The sign of a new one.
                if (size != 0) Skip(1);
                // It stands behind that many coefficients that are still zero.
                var free = ~nonzero >> k & Ones(last - k + 1);
                for (; zeros > 0; zeros--) free &= free - 1;
                var next = free == 0 ? last + 1 : k + BitOperations.TrailingZeroCount(free);
                SkipOnes(nonzero, k, next);
                k = next;
                if (size != 0 && k <= last) nonzero |= 1ul << k;
                if (IsPastEnd) return;
            }
        }

        if (run == 0) return;
        SkipOnes(nonzero, k, last + 1);
        run--;
    }

    /// <summary>Passes over the bits of those coefficients of a range that are not zero.</summary>
    private void SkipOnes(ulong nonzero, int start, int end)
    {
        if (start < end) Skip(BitOperations.PopCount(nonzero >> start & Ones(end - start)));
    }

    private static ulong Ones(int count) => count >= 64 ? ulong.MaxValue : (1ul << count) - 1;

    /// <summary>Passes over bits.</summary>
    internal void Skip(int count)
    {
        while (count > 32)
        {
            Skip(32);
            count -= 32;
        }

        if (_held < 32) Fill();
        Drop(count);
    }

    /// <summary>Goes to the next marker.</summary>
    /// <returns>The bytes up to there that no code was read of.</returns>
    internal int SkipToMarker()
    {
        var next = JpegFile.NextMarker(_file, _at);
        var left = (next < 0 ? _file.Length : next) - _at + (Math.Max(0, _held - _padding) / 8);
        if (next < 0)
        {
            Marker = 0;
            _at = _file.Length;
        }
        else
        {
            Marker = _file[next + 1];
            _at = next;
        }

        (_bits, _held, _padding) = (0, 0, 0);
        return left;
    }

    /// <summary>Goes on behind a restart marker.</summary>
    internal void TakeMarker()
    {
        if (Marker != 0) _at += 2;
        Marker = 0;
    }

    /// <summary>
    /// Finds the way back after a restart marker that is not the one expected, as libjpeg does (jpeg_resync_to_restart): one that is due a
    /// little later is left where it is, and the interval before it is empty; an older one is passed over; any other is taken for the right one.
    /// </summary>
    /// <returns>Whether there is a way.</returns>
    internal bool Resynchronize(int expected)
    {
        while (true)
        {
            if (Marker is < 0xD0 or > 0xD7) return false;
            var ahead = (Marker - 0xD0 - expected) & 7;
            if (ahead is 1 or 2) return true;
            TakeMarker();
            if (ahead is not (6 or 7)) return true;
            SkipToMarker();
        }
    }

    private int ReadSymbol(JpegTable table)
    {
        if (_held < 32) Fill();
        int entry = table.Fast[(int)(_bits >> (64 - JpegTable.FastBits))];
        if (entry == 0) entry = table.Slow((int)(_bits >> 48));
        var symbol = entry & 255;
        // Here the value has other bits than the symbol says, or they are read apart.
        Drop((entry >> 8) - (symbol & 15));
        return symbol;
    }

    private uint Take(int count)
    {
        if (count == 0) return 0;
        if (_held < 32) Fill();
        var value = (uint)(_bits >> (64 - count));
        Drop(count);
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Drop(int count)
    {
        _bits <<= count;
        _held -= count;
    }

    /// <summary>Holds at least 56 bits afterward. Bits beyond those that are counted may be there as well; they are the next ones.</summary>
    private void Fill()
    {
        if (_at + 8 <= _file.Length)
        {
            var word = ReadUInt64BigEndian(_file[_at..]);
            // Whether a byte is 0xFF: whether one of the complement is zero.
            if (((~word - 0x0101010101010101) & word & 0x8080808080808080) == 0)
            {
                _bits |= word >> _held;
                var taken = (63 - _held) >> 3;
                _at += taken;
                _held += 8 * taken;
                return;
            }
        }

        for (; _held <= 56; _held += 8)
        {
            while (_at + 1 < _file.Length && _file[_at] == 0xFF && _file[_at + 1] == 0xFF) _at++;
            if (_at >= _file.Length || (_file[_at] == 0xFF && (_at + 1 >= _file.Length || _file[_at + 1] != 0)))
            {
                _padding += 8;
                continue;
            }

            _bits |= (ulong)_file[_at] << (56 - _held);
            _at += _file[_at] == 0xFF ? 2 : 1;
        }
    }
}
