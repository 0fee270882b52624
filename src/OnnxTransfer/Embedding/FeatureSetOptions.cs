using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>How a feature set is made. Every value is checked where it is set.</summary>
public sealed record FeatureSetOptions
{
    /// <summary>The number of images in a part where nothing else is said.</summary>
    internal const int UsualPartSize = 1024;

    /// <summary>A part is one array in memory while it is made, of 8 GB with so many images and 2048 features.</summary>
    internal const int LargestPartSize = 1_000_000;

    /// <summary>
    /// Images in each part; a run that is stopped loses at most the parts in progress. The default, 0, is that of the set in the folder, and
    /// 1024 for a new one; at most 1,000,000. A set of more than a hundred million images has fewer files with a larger number.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or greater than 1,000,000.</exception>
    public int PartSize
    {
        get;
        init
        {
            if (value is < 0 or > LargestPartSize) Throw.OptionOutOfRange(nameof(PartSize), value, $"from 0 to {LargestPartSize}, where 0 means the size of the set in the folder");
            field = value;
        }
    }

    /// <summary>The share of the set to make; null, the default, for all of it.</summary>
    public Shard? Shard { get; init; }

    /// <summary>
    /// The folder that the ids in the set are relative to, written with '/'; the id of every image must be a path below it. Null, the default,
    /// takes the ids as they are.
    /// </summary>
    /// <exception cref="ArgumentException">The value is empty.</exception>
    public string? Root { get; init => field = value is { } root ? Require.Name(root, nameof(Root)) : null; }

    /// <summary>Images per run of the network; 0, the default, for the number that suits the provider.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int BatchSize { get; init => field = Require.NotNegative(value, nameof(BatchSize)); }
}
