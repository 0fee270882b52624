namespace OnnxTransfer.Internals;

/// <summary>Arrays of the size of a network, whose memory a process that then computes outside of .NET would keep for hours.</summary>
internal static class LargeGarbage
{
    private const int LeastBytes = 16 << 20;

    /// <summary>The largest heap beside which the garbage counts, in its sizes.</summary>
    private const int MostSizes = 8;

    /// <summary>
    /// Returns the memory of an array of so many bytes that nothing refers to anymore. In a small heap this takes milliseconds. In a large one it
    /// would stop the process for longer, so there a collection in the background frees the memory for other arrays.
    /// </summary>
    internal static void Collect(long bytes)
    {
        if (bytes < LeastBytes) return;
        if (GC.GetTotalMemory(forceFullCollection: false) <= MostSizes * bytes) GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        else GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false, compacting: false);
    }
}
