using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How a run that makes a feature set went.</summary>
/// <param name="Embedding">The images that this run computed: how many, which could not be used, and where the time went. Images of kept parts are not in it.</param>
/// <param name="PartCount">The number of parts of the whole set.</param>
/// <param name="WrittenParts">The number of parts that this run computed.</param>
/// <param name="KeptParts">The number of parts of this run's share that were there and sound.</param>
/// <param name="MissingParts">The numbers of the parts, from 0, that are missing or damaged after the run; empty when the set is complete.</param>
public sealed record FeatureSetRun(EmbeddingRun Embedding, int PartCount, int WrittenParts, int KeptParts, IReadOnlyList<int> MissingParts)
{
    /// <summary>The numbers of the parts, from 0, that are missing or damaged after the run; empty when the set is complete.</summary>
    public IReadOnlyList<int> MissingParts { get; init => field = EquatableList.Of(value, nameof(MissingParts)); } = EquatableList.Of(MissingParts);

    /// <summary>Whether <see cref="FeatureSet.Open"/> opens the set. After a shard, it is true only if the other shards are in the same folder and done.</summary>
    public bool IsComplete => MissingParts.Count == 0;
}
