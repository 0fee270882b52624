namespace OnnxTransfer.Decoding.Containers;

/// <summary>Counts the pixels that the codes of a GIF (LZW with a variable code length) stand for, without decoding them.</summary>
internal static class GifCodes
{
    private const int MostCodes = 4096;

    /// <summary>The number of pixels in valid codes, at most <paramref name="wanted"/>.</summary>
    /// <param name="blocks">Blocks of up to 255 bytes, each preceded by its length.</param>
    /// <param name="minimumBits">Bits per pixel, 1 to 11.</param>
    /// <param name="wanted">The pixels of the frame.</param>
    /// <param name="lacksEnd">Whether the blocks end behind the last pixel, where a code for the end should be.</param>
    internal static long CountPixels(ReadOnlySpan<byte> blocks, int minimumBits, long wanted, out bool lacksEnd)
    {
        lacksEnd = false;
        if (minimumBits is < 1 or > 11) return 0;
        var (clear, end) = (1 << minimumBits, (1 << minimumBits) + 1);
        // The number of pixels that each code stands for.
        Span<int> lengths = stackalloc int[MostCodes];
        lengths[..clear].Fill(1);
        var (next, bits, previous) = (end + 1, minimumBits + 1, -1);
        var (buffer, held, block, at) = (0u, 0, 0, 0);
        for (long pixels = 0; ;)
        {
            for (; held < bits; held += 8)
            {
                if (block == 0 && at < blocks.Length) block = blocks[at++];
                if (block == 0 || at >= blocks.Length)
                {
                    lacksEnd = pixels >= wanted;
                    return Math.Min(pixels, wanted);
                }

                buffer |= (uint)blocks[at++] << held;
                block--;
            }

            var code = (int)(buffer & ((1u << bits) - 1));
            buffer >>= bits;
            held -= bits;
            if (code == clear)
            {
                (next, bits, previous) = (end + 1, minimumBits + 1, -1);
                continue;
            }

            if (pixels >= wanted) return wanted;
            if (code == end || code > next || (code == next && previous < 0) || (code >= MostCodes)) return pixels;
            var length = code == next ? lengths[previous] + 1 : lengths[code];
            if (previous >= 0 && next < MostCodes)
            {
                lengths[next++] = lengths[previous] + 1;
                if (next == 1 << bits && bits < 12) bits++;
            }

            pixels += length;
            previous = code;
        }
    }
}
