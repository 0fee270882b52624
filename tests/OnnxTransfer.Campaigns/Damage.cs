using OnnxTransfer.Fuzz;

namespace OnnxTransfer.Campaigns;

/// <summary>Damages a file: bits, bytes, lengths, the end, or all of it.</summary>
internal static class Damage
{
    /// <summary>Lengths and counts that a reader must not believe, as they stand in binary files.</summary>
    private static readonly byte[][] s_extremes =
    [
        [0], [0xFF], [0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0x7F], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0x80], [0, 0, 0, 0x40],
        [0xFF, 0xFF, 0xFF, 0xFF, 0x07], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0, 1, 0, 0, 0],
    ];

    /// <summary>The same, and values of another type, as they stand in text.</summary>
    private static readonly byte[][] s_words =
    [
        [.. "99999999999"u8], [.. "-1"u8], [.. "0"u8], [.. "1e999"u8], [.. "2147483647"u8], [.. "9223372036854775807"u8], [.. "0.5"u8], [.. "null"u8], [.. "true"u8], [.. "[]"u8], [.. "{}"u8],
        [.. "\"\""u8], [.. "NaN"u8], [.. "\\ud800"u8],
    ];

    /// <param name="sound">The file.</param>
    /// <param name="others">Files whose parts may get into it.</param>
    /// <param name="random">What is random.</param>
    /// <returns>Bytes that are not those of the file.</returns>
    internal static byte[] Of(byte[] sound, IReadOnlyList<byte[]> others, Random random)
    {
        while (true)
        {
            var damaged = Once(sound, others, random);
            // What a checksum guards is reached with the right one alone.
            if (random.Next(2) == 0) Mutator.MendSums(damaged);
            if (!damaged.AsSpan().SequenceEqual(sound)) return damaged;
        }
    }

    private static byte[] Once(byte[] sound, IReadOnlyList<byte[]> others, Random random)
    {
        var other = others[random.Next(others.Count)];
        switch (random.Next(12))
        {
            case 0: return sound[..random.Next(sound.Length + 1)];
            case 1: return other;
            case 2: return [.. sound[..random.Next(sound.Length + 1)], .. other[random.Next(other.Length + 1)..]];
            case 3 or 4 or 5: return WithExtreme(sound, random);
            case 6: return Flipped(sound, random);
            default:
                var bytes = sound.ToList();
                for (var left = 1 << random.Next(4); left > 0 && bytes.Count > 1; left--) Mutator.Change(bytes, others, kept: 0, random);
                return [.. bytes];
        }
    }

    private static byte[] Flipped(byte[] sound, Random random)
    {
        byte[] bytes = [.. sound];
        if (bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    /// <summary>Puts an extreme over bytes, or in place of a number of a text.</summary>
    private static byte[] WithExtreme(byte[] sound, Random random)
    {
        if (sound.Length == 0) return sound;
        var at = random.Next(sound.Length);
        var number = sound.AsSpan(at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (number >= 0 && random.Next(IsText(sound) ? 8 : 2) > 0)
        {
            var word = s_words[random.Next(s_words.Length)];
            var end = sound.AsSpan(at + number).IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            return [.. sound[..(at + number)], .. word, .. end < 0 ? [] : sound[(at + number + end)..]];
        }

        var extreme = s_extremes[random.Next(s_extremes.Length)];
        return [.. sound[..at], .. extreme, .. sound[Math.Min(sound.Length, at + extreme.Length)..]];
    }

    private static bool IsText(byte[] bytes) => !bytes.AsSpan(0, Math.Min(bytes.Length, 512)).ContainsAnyInRange((byte)0, (byte)8);
}
