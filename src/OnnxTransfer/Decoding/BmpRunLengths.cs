namespace OnnxTransfer.Decoding;

/// <summary>The run-length codes of bitmaps, BI_RLE8 and BI_RLE4.</summary>
internal static class BmpRunLengths
{
    private const int EndOfLine = 0;
    private const int EndOfBitmap = 1;
    private const int Delta = 2;

    /// <summary>Expands codes into palette indexes.</summary>
    /// <param name="codes">The coded pixels, from the file's pixel offset to its end.</param>
    /// <param name="width">Pixels per row.</param>
    /// <param name="height">The number of rows.</param>
    /// <param name="bits">Bits per index, 8 or 4.</param>
    /// <param name="cells"><c>[height,width]</c> indexes as stored. Pixels without a code keep their value.</param>
    internal static void Expand(ReadOnlySpan<byte> codes, int width, int height, int bits, Span<byte> cells)
    {
        int x = 0, y = 0, at = 0;
        while (at + 2 <= codes.Length)
        {
            int first = codes[at], second = codes[at + 1];
            at += 2;
            if (first > 0)
            {
                for (var i = 0; i < first; i++, x++) Put(cells, x, y, width, height, Nibble(second, i, bits));
                continue;
            }

            switch (second)
            {
                case EndOfLine:
                    x = 0;
                    y++;
                    break;
                case EndOfBitmap:
                    return;
                case Delta:
                    if (at + 2 > codes.Length) break;
                    x += codes[at];
                    y += codes[at + 1];
                    at += 2;
                    break;
                default:
                    // `second` literal indexes, padded to a whole number of 16-bit words.
                    var length = bits == 8 ? second : (second + 1) / 2;
                    if (at + length > codes.Length)
                    {
                        at = codes.Length;
                        break;
                    }

                    for (var i = 0; i < second; i++, x++)
                    {
                        var value = bits == 8 ? codes[at + i] : codes[at + (i / 2)];
                        Put(cells, x, y, width, height, Nibble(value, i, bits));
                    }

                    at += (length + 1) & ~1;
                    break;
            }
        }

        // Many writers leave out the end marker. A picture that stops before its last row is cut off.
        if (y < height - 1) Throw.ImageDamaged(ImageFormat.Bmp, $"its run lengths end in row {y + 1} of {height}");
    }

    private static byte Nibble(int value, int position, int bits) =>
        (byte)(bits == 8 ? value : position % 2 == 0 ? value >> 4 : value & 15);

    private static void Put(Span<byte> cells, int x, int y, int width, int height, byte index)
    {
        if (x < width && y < height) cells[(y * width) + x] = index;
    }
}
