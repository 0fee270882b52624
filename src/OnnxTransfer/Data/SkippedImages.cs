using System.Collections.Concurrent;

namespace OnnxTransfer.Data;

/// <summary>The skipped images of a run, with the reasons. Several threads may write to it. It is read in the order of the input.</summary>
internal sealed class SkippedImages
{
    private readonly ConcurrentDictionary<int, SkippedImage> _byPosition = new();

    internal int Count => _byPosition.Count;

    /// <summary>Notes that the image at a position of the input could not be used; noting it again changes nothing.</summary>
    internal void Add(int position, SkippedImage image) => _byPosition.TryAdd(position, image);

    internal bool Contains(int position) => _byPosition.ContainsKey(position);

    /// <summary>All entries, in the order of the input.</summary>
    internal IReadOnlyList<SkippedImage> ToList() => [.. _byPosition.OrderBy(pair => pair.Key).Select(pair => pair.Value)];

    /// <summary>Fails the run when too many images were unusable.</summary>
    /// <param name="imageCount">How many images there were, the unusable ones included.</param>
    /// <param name="maxBad">The greatest share that may be unusable, 0 (none) to 1 (all).</param>
    /// <exception cref="DatasetException">More were unusable: the message lists every image with its reason.</exception>
    internal void ThrowIfMoreThan(double maxBad, int imageCount)
    {
        if (Count > maxBad * imageCount) Throw.TooManyImagesSkipped(ToList().Select(one => (one.Id, one.Reason)), Count, imageCount, maxBad);
    }
}
