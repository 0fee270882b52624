using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>One image of many, with its vector or the reason why it has none.</summary>
/// <param name="Index">The image's position in the input, from 0.</param>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Vector">The feature vector, D numbers; null when the image could not be used.</param>
/// <param name="Error">Why the image could not be used, in one sentence; null when it could.</param>
public sealed record EmbeddedImage(int Index, string Id, float[]? Vector, string? Error)
{
    /// <summary>Whether the vector was computed by an earlier run and came from the cache.</summary>
    public bool FromCache { get; init; }

    /// <summary>What makes the image doubtful though it was used, such as a damaged file, each in one sentence; empty for nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init => field = EquatableList.Of(value, nameof(Warnings)); } = EquatableList.Of<string>([]);

    /// <summary>Whether the guard against hangs stopped the decode. If true, the image itself may be valid.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Whether the network gave a number that is NaN or infinite. If true, the image itself is valid.</summary>
    internal bool IsNotFinite { get; init; }

    /// <summary>32 bytes, what the cache finds the image by; null without a cache, or without a vector.</summary>
    internal byte[]? ContentKey { get; init; }

    /// <summary>The vector, for a caller who asked for this image alone or needs all.</summary>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    /// <exception cref="ModelException">The network gave a number that is NaN or infinite.</exception>
    internal float[] Demand() => Vector ?? throw (IsNotFinite ? Throw.VectorNotFinite(Id, Error!) : Throw.ImageNamed(Id, new ImageDecodeException(Error!) { TimedOut = TimedOut }));

    /// <summary>Whether the other is the same image with the same numbers.</summary>
    public bool Equals(EmbeddedImage? other) =>
        other is not null && (Index, Id, Error, FromCache, TimedOut) == (other.Index, other.Id, other.Error, other.FromCache, other.TimedOut)
        && Warnings.Equals(other.Warnings) && Vector is null == other.Vector is null && Vector.AsSpan().SequenceEqual(other.Vector);

    /// <summary>A hash of the image and its numbers.</summary>
    public override int GetHashCode() => HashCode.Combine(Index, Id, Error, FromCache, EquatableList.Hash<float>(Vector));
}
