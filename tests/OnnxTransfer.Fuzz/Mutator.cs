namespace OnnxTransfer.Fuzz;

/// <summary>Damages an image in one to eight random ways; the same number always gives the same bytes.</summary>
internal static class Mutator
{
    /// <summary>Values at which readers of lengths and counts tend to break.</summary>
    private static readonly byte[] s_edges = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    internal static byte[] Mutate(byte[][] samples, int number)
    {
        var random = new Random(number);
        var bytes = samples[random.Next(samples.Length)].ToList();
        for (var left = random.Next(1, 9); left > 0 && bytes.Count > 1; left--)
        {
            // Half of the damage goes to the header, where the decisions are made.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Count, 64) : bytes.Count);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    for (var i = at; i < Math.Min(at + 4, bytes.Count); i++) bytes[i] = s_edges[random.Next(s_edges.Length)];
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 32), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 64), bytes.Count - at)));
                    break;
                case 5:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 6:
                    var other = samples[random.Next(samples.Length)];
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

        return [.. bytes];
    }
}
