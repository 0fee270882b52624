using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OnnxTransfer;

/// <summary>
/// One of N equal shares of a feature set, for a process that makes only this share. A shard has every N-th part of the set, so which
/// images it has depends on the sorted list and the part size alone, never on the order of a listing.
/// </summary>
public sealed record Shard
{
    /// <param name="number">K, from 1 to N.</param>
    /// <param name="count">N, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not from 1 to N.</exception>
    public Shard(int number, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (number < 1 || number > count) Throw.OptionOutOfRange(nameof(number), number, $"from 1 to {count}");
        (Number, Count) = (number, count);
    }

    /// <summary>K, from 1.</summary>
    public int Number { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>Reads <c>K/N</c>, such as <c>1/8</c> for the first of eight.</summary>
    /// <exception cref="FormatException">It is something else, or K is not from 1 to N.</exception>
    public static Shard Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var shard) ? shard : throw Throw.ShardInvalid(text);
    }

    /// <summary>Reads <c>K/N</c>; false for anything else.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Shard? shard)
    {
        shard = text?.Split('/') is [var first, var second]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && number >= 1 && number <= count
                ? new Shard(number, count)
                : null;
        return shard is not null;
    }

    /// <summary><c>K/N</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}/{Count}");

    /// <summary>Whether it makes a part, by the part's number from 0.</summary>
    internal bool Has(int part) => part % Count == Number - 1;
}
