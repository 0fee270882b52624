namespace OnnxTransfer;

/// <summary>What <see cref="FeatureCache.Verify"/> found.</summary>
/// <param name="Vectors">How many vectors there are.</param>
/// <param name="Damaged">How many of them are damaged. They are never served, and <see cref="FeatureCache.Collect"/> removes them.</param>
public sealed record CacheCheck(long Vectors, long Damaged);
