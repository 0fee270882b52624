using System.Buffers.Binary;
using System.Runtime.InteropServices;
using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Fuzz;

/// <summary>Damages an image in one to eight random ways; the same number always gives the same bytes.</summary>
internal static class Mutator
{
    /// <summary>Most images keep so many bytes at their beginning, which tell the format.</summary>
    private const int SignatureBytes = 12;

    private const int HeaderBytes = 64;

    /// <summary>Values at which readers of lengths and counts tend to break.</summary>
    private static readonly byte[] s_edges = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    internal static byte[] Mutate(byte[][] samples, int number)
    {
        var random = new Random(number);
        var bytes = samples[random.Next(samples.Length)].ToList();
        var kept = random.Next(10) == 0 ? 0 : SignatureBytes;
        // Few changes reach deep into a codec, many reach odd combinations.
        for (var left = 1 << random.Next(4); left > 0 && bytes.Count > kept + 1; left--) Change(bytes, samples, kept, random);
        // What a checksum guards is reached with the right one alone.
        if (random.Next(2) == 0) MendSums(CollectionsMarshal.AsSpan(bytes));
        return [.. bytes];
    }

    /// <summary>Changes bytes behind the first ones that are kept.</summary>
    internal static void Change(List<byte> bytes, IReadOnlyList<byte[]> samples, int kept, Random random)
    {
        // A third of the damage goes to the header, where the decisions are made.
        var at = random.Next(kept, random.Next(3) == 0 ? Math.Min(bytes.Count, kept + HeaderBytes) : bytes.Count);
        switch (random.Next(15))
        {
            case 0 or 1 or 2:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 3 or 4:
                bytes[at] = (byte)random.Next(256);
                break;
            case 5 or 6:
                for (var i = at; i < Math.Min(at + random.Next(1, 5), bytes.Count); i++) bytes[i] = s_edges[random.Next(s_edges.Length)];
                break;
            case 7 or 8:
                bytes.RemoveRange(at, Math.Min(random.Next(1, 32), bytes.Count - at));
                break;
            case 9 or 10:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 64), bytes.Count - at)));
                break;
            case 11:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 12:
                var other = samples[random.Next(samples.Count)];
                var start = random.Next(other.Length);
                bytes.InsertRange(at, other[start..Math.Min(other.Length, start + random.Next(1, 128))]);
                break;
            default:
                var noise = new byte[random.Next(1, 16)];
                random.NextBytes(noise);
                for (var i = 0; i < noise.Length && at + i < bytes.Count; i++) bytes[at + i] = noise[i];
                break;
        }
    }

    /// <summary>Puts the right checksum behind every chunk of a PNG file.</summary>
    internal static void MendSums(Span<byte> file)
    {
        if (file is not [0x89, (byte)'P', (byte)'N', (byte)'G', ..]) return;
        for (var at = 8; at + 12 <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            if (length > file.Length - at - 12) return;
            BinaryPrimitives.WriteUInt32BigEndian(file[(at + 8 + (int)length)..], PngSum.Of(file.Slice(at + 4, 4 + (int)length)));
            at += 12 + (int)length;
        }
    }
}
