using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Tests.Embedding;

/// <summary>The rows of a cache by their keys: the same bits, or none.</summary>
public sealed class CachedRowsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>All bits, those of numbers that are none too; the longest rows do not fit on a page of the database.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1280)]
    [InlineData(40_000)]
    public void Rows_come_back_bit_for_bit(int dim)
    {
        var space = new CacheSpace("any", $"{dim}", dim);
        using (var rows = Cache().Open(space))
        {
            for (var i = 0; i < 70; i++) rows.Add(Key(i), Row(i, dim));
        }

        var cache = Cache();
        using var again = cache.Open(space);
        for (var i = 69; i >= 0; i--) Assert.Equal(Bits(Row(i, dim)), Bits(again.Find(Key(i))!));
        Assert.Null(again.Find(Key(70)));
        Assert.Null(cache.Problem);
    }

    [Theory]
    [InlineData("value = x''")]
    [InlineData("value = substr(value, 2)")]
    [InlineData("value = value || x'00'")]
    [InlineData("value = 'text'")]
    [InlineData("value = 17")]
    [InlineData("value = zeroblob(length(value))")]
    [InlineData("checksum = checksum + 1")]
    [InlineData("checksum = 'text'")]
    public void A_row_that_is_not_what_was_kept_is_none_and_is_mended_by_the_next(string change)
    {
        var (cache, space) = (Cache(), new CacheSpace("any", "any", 5));
        using (var rows = cache.Open(space))
        {
            rows.Add(Key(1), Row(1, 5));
            rows.Add(Key(2), Row(2, 5));
        }

        using (var connection = cache.Connect()) connection.Execute($"UPDATE vector SET {change} WHERE id = 1;");
        using (var rows = cache.Open(space))
        {
            Assert.Null(rows.Find(Key(1)));
            Assert.Equal(Bits(Row(2, 5)), Bits(rows.Find(Key(2))!));
            rows.Add(Key(1), Row(1, 5));
        }

        using var mended = cache.Open(space);
        Assert.Equal(Bits(Row(1, 5)), Bits(mended.Find(Key(1))!));
        Assert.Null(cache.Problem);
    }

    [Fact]
    public void Threads_find_rows_while_two_runs_add_some()
    {
        const int Count = 600;
        var (cache, other, space) = (Cache(), Cache(), new CacheSpace("any", "any", 300));
        using (var rows = cache.Open(space))
        using (var more = other.Open(space))
        {
            Parallel.Invoke(
                () => AddAll(rows, 0),
                () => AddAll(more, 1),
                () => Parallel.For(0, 4 * Count, i => AssertRightOrNone(rows, i % Count)),
                () => Parallel.For(0, 4 * Count, i => AssertRightOrNone(more, i % Count)));
        }

        using var all = cache.Open(space);
        Parallel.For(0, Count, i => Assert.Equal(Bits(Row(i, 300)), Bits(all.Find(Key(i))!)));
        Assert.Null(cache.Problem ?? other.Problem);

        static void AddAll(CachedRows rows, int first)
        {
            for (var i = first; i < Count; i += 2) rows.Add(Key(i), Row(i, 300));
        }

        static void AssertRightOrNone(CachedRows rows, int i)
        {
            if (rows.Find(Key(i)) is { } row) Assert.Equal(Bits(Row(i, 300)), Bits(row));
        }
    }

    [Fact]
    public void A_run_that_finds_all_rows_writes_nothing()
    {
        var (cache, space) = (Cache(), new CacheSpace("any", "any", 5));
        using (var rows = cache.Open(space)) rows.Add(Key(1), Row(1, 5));
        Use(minutesAgo: 50);
        var (bytes, used) = (File.ReadAllBytes(cache.File), cache.Models()[0].Used);
        using (var rows = cache.Open(space)) Assert.NotNull(rows.Find(Key(1)));
        Assert.Equal(bytes, File.ReadAllBytes(cache.File));
        Assert.Equal(used, cache.Models()[0].Used);

        // The use is noted again after an hour, and after a clock that was ahead.
        foreach (var minutes in new[] { 61, -61 })
        {
            Use(minutes);
            cache.Open(space).Dispose();
            Assert.InRange(cache.Models()[0].Used, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddMinutes(10));
        }

        void Use(int minutesAgo)
        {
            using var connection = cache.Connect();
            connection.Execute("UPDATE space SET used = $used;", ("$used", DateTimeOffset.UtcNow.AddMinutes(-minutesAgo).ToUnixTimeSeconds()));
        }
    }

    private FeatureCache Cache() => new(_folder.Path);

    private static byte[] Key(int i) => [.. BitConverter.GetBytes(i), .. new byte[28]];

    private static float[] Row(int seed, int dim)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, dim).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue)))];
    }

    private static int[] Bits(float[] row) => Array.ConvertAll(row, BitConverter.SingleToInt32Bits);
}
