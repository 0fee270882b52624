namespace OnnxTransfer.Cluster.Leases;

/// <summary>A set of part numbers from 0 to <paramref name="count"/> - 1, one bit each.</summary>
/// <param name="count">The number of parts there are.</param>
internal sealed class PartSet(int count)
{
    private readonly byte[] _bits = new byte[(count + 7) / 8];

    /// <summary>The set that <see cref="ToBytes"/> gave.</summary>
    /// <exception cref="InvalidDataException">The bytes are those of another number of parts.</exception>
    internal static PartSet FromBytes(int count, byte[] bytes)
    {
        var set = new PartSet(count);
        if (bytes.Length != set._bits.Length) ClusterErrors.StateDamaged($"{bytes.Length} bytes for {count} parts");
        bytes.CopyTo(set._bits, 0);
        for (var part = 0; part < bytes.Length * 8; part++)
        {
            if ((bytes[part >> 3] >> (part & 7) & 1) == 0) continue;
            if (part >= count) ClusterErrors.StateDamaged($"part {part} of {count} parts");
            set.Number++;
        }

        return set;
    }

    /// <summary>How many parts there are.</summary>
    internal int Count { get; } = count;

    /// <summary>How many parts are in the set.</summary>
    internal int Number { get; private set; }

    internal bool Contains(int part) => (_bits[part >> 3] >> (part & 7) & 1) != 0;

    /// <summary>Whether the part was not in the set before.</summary>
    internal bool Add(int part)
    {
        if (Contains(part)) return false;
        _bits[part >> 3] |= (byte)(1 << (part & 7));
        Number++;
        return true;
    }

    /// <summary>Whether the part was in the set before.</summary>
    internal bool Remove(int part)
    {
        if (!Contains(part)) return false;
        _bits[part >> 3] &= (byte)~(1 << (part & 7));
        Number--;
        return true;
    }

    internal byte[] ToBytes() => [.. _bits];
}
