namespace OnnxTransfer.Internals;

/// <summary>The one meaning of an option named Threads.</summary>
internal static class Cores
{
    /// <summary>How many threads an option asks for; 0 is one for each core that affinity and container leave to the process.</summary>
    internal static int Count(int threads) => threads > 0 ? threads : Environment.ProcessorCount;
}
