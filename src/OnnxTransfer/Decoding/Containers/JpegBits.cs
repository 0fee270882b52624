using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using static System.Buffers.Binary.BinaryPrimitives;

namespace OnnxTransfer.Decoding.Containers;

/// <summary>The bits of entropy-coded data up to the next marker. Zeros follow the end of the data.</summary>
internal ref struct JpegBits
{
    /// <summary>The number of lookups of several codes between two refills.</summary>
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

    /// <summary>Whether the reader has read past the end of the data.</summary>
    private readonly bool IsPastEnd => _padding > _held;

    /// <summary>The marker that ends the data, after <see cref="SkipToMarker"/> has found it; 0 for the end of the file.</summary>
    internal byte Marker { get; private set; }

    /// <summary>The offset of the marker.</summary>
    internal readonly int Position => _at;

    /// <summary>
    /// Units of a baseline scan. Nearly all codes are in such scans, so the state is in locals and a look takes several codes.
    /// </summary>
    /// <param name="direct">For each block of a unit, the table of its first coefficient.</param>
    /// <param name="alternating">For each block of a unit, the table of the others.</param>
    /// <param name="count">How many units to read.</param>
    /// <returns>How many were there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal int ReadBaseline(ReadOnlySpan<JpegTable> direct, ReadOnlySpan<JpegTable> alternating, int count)
    {
        var (bits, held, done) = (_bits, _held, 0);
        for (; done < count; done++)
        {
            for (var block = 0; block < direct.Length; block++)
            {
                if (held < 32) Refill(ref bits, ref held);
                int entry = direct[block].Entry(bits);
                bits <<= entry >> 8;
                held -= entry >> 8;
                var table = alternating[block];
                var several = table.Several;
                for (var k = 1; k < 64;)
                {
                    if (held < Looks * JpegTable.SeveralBits) Refill(ref bits, ref held);
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
                    if (held < 32) Refill(ref bits, ref held);
                    entry = table.Entry(bits);
                    bits <<= entry >> 8;
                    held -= entry >> 8;
                    if ((entry & 15) == 0 && (entry & 255) != 0xF0) break;
                    k += ((entry >> 4) & 15) + 1;
                }

            end:;
            }

            if (_padding > held) break;
        }

        (_bits, _held) = (bits, held);
        return done;
    }

    /// <summary>The first coefficients of units that a progressive file gives for the first time, one code and its value for each block.</summary>
    /// <param name="direct">For each block of a unit, its table.</param>
    /// <param name="count">How many units to read.</param>
    /// <returns>How many were there.</returns>
    internal int ReadDirect(ReadOnlySpan<JpegTable> direct, int count)
    {
        var (bits, held, done) = (_bits, _held, 0);
        for (; done < count; done++)
        {
            foreach (var table in direct)
            {
                if (held < 32) Refill(ref bits, ref held);
                var length = table.Entry(bits) >> 8;
                bits <<= length;
                held -= length;
            }

            if (_padding > held) break;
        }

        (_bits, _held) = (bits, held);
        return done;
    }

    /// <summary>One more bit of each first coefficient.</summary>
    /// <param name="blocks">Blocks of a unit.</param>
    /// <param name="count">How many units to read.</param>
    /// <returns>How many were there.</returns>
    internal int ReadDirectRefinement(int blocks, int count)
    {
        Skip((long)blocks * count);
        return IsPastEnd ? count - ((_padding - _held + blocks - 1) / blocks) : count;
    }

    /// <summary>Coefficients of blocks that a progressive file gives for the first time (G.1.2.2).</summary>
    /// <param name="table">The table of their codes.</param>
    /// <param name="first">The first coefficient.</param>
    /// <param name="last">The last coefficient.</param>
    /// <param name="nonzero">For each block, takes which coefficients are not zero.</param>
    /// <returns>How many blocks were there.</returns>
    internal int ReadFirst(JpegTable table, int first, int last, Span<ulong> nonzero)
    {
        var (bits, held, done) = (_bits, _held, 0);
        for (; done < nonzero.Length; done++)
        {
            var (found, run) = (0ul, 0);
            for (var k = first; k <= last; k++)
            {
                if (held < 32) Refill(ref bits, ref held);
                var entry = table.Entry(bits);
                bits <<= entry >> 8;
                held -= entry >> 8;
                k += (entry >> 4) & 15;
                if ((entry & 15) != 0)
                {
                    if (k < 64) found |= 1ul << k;
                }
                else if ((entry & 0xF0) != 0xF0)
                {
                    var length = (entry >> 4) & 15;
                    // Twice, because a shift by 64 would be one by none.
                    run = (1 << length) - 1 + (int)(bits >> 1 >> (63 - length));
                    bits <<= length;
                    held -= length;
                    break;
                }
            }

            nonzero[done] |= found;
            if (_padding > held) break;
            done += Math.Min(run, nonzero.Length - 1 - done);
        }

        (_bits, _held) = (bits, held);
        return done;
    }

    /// <summary>
    /// Reads one more bit of the coefficients (G.1.2.3). Each nonzero coefficient has one bit, and new coefficients come between them.
    /// </summary>
    /// <inheritdoc cref="ReadFirst"/>
    internal int ReadRefinement(JpegTable table, int first, int last, Span<ulong> nonzero)
    {
        var band = Ones(last + 1) & ~Ones(first);
        for (var done = 0; done < nonzero.Length; done++)
        {
            var (bits, held, found, run) = (_bits, _held, nonzero[done], 0);
            // Coefficients of the block that have not had their turn.
            var rest = band;
            while (rest != 0)
            {
                if (held < 32) Refill(ref bits, ref held);
                var entry = table.Entry(bits);
                var (zeros, size) = ((entry >> 4) & 15, entry & 15);
                // A new coefficient has one bit, its sign, whatever its size says.
                var length = (entry >> 8) - size + Math.Min(size, 1);
                bits <<= length;
                held -= length;
                if (size == 0 && zeros < 15)
                {
                    run = (1 << zeros) + (int)(bits >> 1 >> (63 - zeros));
                    bits <<= zeros;
                    held -= zeros;
                    break;
                }

                // The new coefficient comes after that many coefficients that are still zero.
                var place = Nth(rest & ~found, zeros);
                // All up to its place, and all others where there is none.
                var passed = place == 0 ? rest : rest & (place | (place - 1));
                var ones = BitOperations.PopCount(passed & found);
                if (ones > held)
                {
                    (_bits, _held) = (bits, held);
                    Skip(ones);
                    (bits, held) = (_bits, _held);
                }
                else
                {
                    bits <<= ones;
                    held -= ones;
                }

                rest &= ~passed;
                if (size != 0) found |= place;
            }

            (_bits, _held) = (bits, held);
            nonzero[done] = found;
            if (run > 0)
            {
                // What is left of the block, and the blocks behind it that have no codes of their own.
                var (start, others) = (done, (long)BitOperations.PopCount(rest & found));
                for (; run > 1 && done + 1 < nonzero.Length; run--) others += BitOperations.PopCount(nonzero[++done] & band);
                Skip(others);
                if (!IsPastEnd) continue;
                // The block in which the bits end.
                for (var over = _padding - _held; done > start && (over -= BitOperations.PopCount(nonzero[done] & band)) > 0;) done--;
            }

            if (IsPastEnd) return done;
        }

        return nonzero.Length;
    }

    /// <summary>The one of a number's ones that has so many below it; 0 where there is none.</summary>
    private static ulong Nth(ulong number, int below)
    {
        if (Bmi2.X64.IsSupported) return Bmi2.X64.ParallelBitDeposit(1ul << below, number);
        for (; below > 0; below--) number &= number - 1;
        return number & (0 - number);
    }

    private static ulong Ones(int count) => count >= 64 ? ulong.MaxValue : (1ul << count) - 1;

    /// <summary>Skips bits.</summary>
    private void Skip(long count)
    {
        while (count > 0)
        {
            if (_held < 32) Fill();
            var length = (int)Math.Min(32, count);
            _bits <<= length;
            _held -= length;
            count -= length;
        }
    }

    /// <summary>Moves to the next marker.</summary>
    /// <returns>The bytes up to there of which no code was read.</returns>
    internal int SkipToMarker()
    {
        var next = JpegSegments.NextMarker(_file, _at);
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

    /// <summary>Continues after a restart marker.</summary>
    internal void TakeMarker()
    {
        if (Marker != 0) _at += 2;
        Marker = 0;
    }

    /// <summary>
    /// Recovers after an unexpected restart marker as libjpeg does (jpeg_resync_to_restart). A marker that is due a little later stays
    /// where it is, and the interval before it is empty. An older marker is skipped. Any other marker counts as the expected one.
    /// </summary>
    /// <returns>Whether reading can continue.</returns>
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

    /// <summary>Fills the buffer whose state a method has in locals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Refill(ref ulong bits, ref int held)
    {
        (_bits, _held) = (bits, held);
        Fill();
        (bits, held) = (_bits, _held);
    }

    /// <summary>
    /// Refills the buffer to at least 56 bits. It may hold more bits than are counted; they are the next bits of the data.
    /// </summary>
    private void Fill()
    {
        if (_at + 8 <= _file.Length)
        {
            var word = ReadUInt64BigEndian(_file[_at..]);
            // Test whether any byte is 0xFF: whether any byte of the complement is zero.
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
