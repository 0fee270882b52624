namespace OnnxTransfer.Campaigns;

/// <summary>A kind of try.</summary>
/// <param name="Name">Its row of the table.</param>
/// <param name="Share">How often it comes in a round of all kinds.</param>
/// <param name="Try">Makes the try of a number; what is random comes from its generator.</param>
internal sealed record Kind(string Name, int Share, Func<int, Random, Verdict> Try);

/// <summary>Runs kinds in turn until there are enough tries of all, and keeps their tallies.</summary>
internal static class Rounds
{
    /// <param name="campaign">The campaign's name, and that of its state file.</param>
    /// <param name="work">The folder of the state file.</param>
    /// <param name="kinds">The kinds.</param>
    /// <param name="tries">Tries of all kinds together, those of earlier runs included.</param>
    /// <param name="seed">The seed; a try depends on it, its kind and its number alone.</param>
    internal static int Run(string campaign, string work, IReadOnlyList<Kind> kinds, int tries, int seed)
    {
        var state = new State(Path.Combine(work, $"{campaign}.tallies.json"));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (state.Tallies.Values.Sum(tally => tally.Tries) < tries)
        {
            // The kind that is most behind its share.
            var kind = kinds.MinBy(one => (double)state[one.Name].Tries / one.Share)!;
            Pause.WhileAsked();
            var tally = state[kind.Name];
            var number = tally.Tries;
            var verdict = kind.Try(number, new Random(HashOf(seed, kind.Name, number)));
            tally.Tries++;
            if (verdict.Struck) tally.Struck++;
            if (verdict.Finished) tally.Finished++;
            tally.Leftovers += verdict.Leftovers;
            tally.MostRowsLost = Math.Max(tally.MostRowsLost, verdict.RowsLost);
            if (verdict.Torn is not null) tally.Torn++;
            else if (verdict.Lost is not null) tally.Lost++;
            state.Save();
            if ((verdict.Torn ?? verdict.Lost) is { } wrong) Console.Error.WriteLine($"{kind.Name}, try {number} of seed {seed}: {(verdict.Torn is null ? "LOST" : "TORN")}: {wrong}");
        }

        Console.WriteLine(state.Table());
        Console.Error.WriteLine($"{clock.Elapsed.TotalMinutes:0.0} minutes in this run");
        return state.Failures == 0 ? 0 : 1;
    }

    /// <summary>The same in every process, which <c>string.GetHashCode</c> is not.</summary>
    private static int HashOf(int seed, string kind, int number)
    {
        var hash = unchecked((uint)seed * 2654435761u);
        foreach (var letter in kind) hash = unchecked((hash ^ letter) * 16777619u);
        return (int)(unchecked((hash ^ (uint)number) * 16777619u) & int.MaxValue);
    }
}
