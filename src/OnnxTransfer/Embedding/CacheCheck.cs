namespace OnnxTransfer;

/// <summary>The result of <see cref="FeatureCache.Verify"/>.</summary>
/// <param name="Vectors">The number of vectors.</param>
/// <param name="Damaged">How many of them are damaged. They are never served, and <see cref="FeatureCache.Collect"/> removes them.</param>
public sealed record CacheCheck(long Vectors, long Damaged);
