namespace OnnxTransfer;

/// <summary>One image of many, embedded or not.</summary>
/// <param name="Index">The image's position in the input, from 0.</param>
/// <param name="Id">The image's <see cref="ImageInput.Id"/>: the path of a file, or the id it was given.</param>
/// <param name="Vector">The feature vector, D numbers; null when the image could not be used.</param>
/// <param name="Error">Why the image could not be used, in one sentence; null when it could.</param>
public sealed record EmbeddedImage(int Index, string Id, float[]? Vector, string? Error)
{
    /// <summary>Whether the vector was computed by an earlier run and came from the cache.</summary>
    public bool FromCache { get; init; }
}
