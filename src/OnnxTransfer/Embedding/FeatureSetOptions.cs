using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How a feature set is made. Every value is checked where it is set.</summary>
public sealed record FeatureSetOptions
{
    /// <summary>The number of images in a part where nothing else is said.</summary>
    internal const int UsualPartSize = 1024;

    /// <summary>
    /// Images in each part; a run that is stopped loses at most the parts in progress. The default, 0, is that of the set in the folder, and
    /// 1024 for a new one. A set of more than a hundred million images has fewer files with a larger number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int PartSize { get; init => field = Require.NotNegative(value, nameof(PartSize)); }

    /// <summary>The share of the set to make; null, the default, for all of it.</summary>
    public Shard? Shard { get; init; }

    /// <summary>
    /// The folder that the ids in the set are relative to, written with '/'; the id of every image must be a path below it. Null, the default,
    /// takes the ids as they are.
    /// </summary>
    public string? Root { get; init; }

    /// <summary>Images per run of the network; 0, the default, for the number that suits the provider.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int BatchSize { get; init => field = Require.NotNegative(value, nameof(BatchSize)); }
}
