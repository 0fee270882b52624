namespace OnnxTransfer.Features;

/// <summary>One image of a run, embedded or not.</summary>
/// <param name="Index">The image's position in the list, from 0.</param>
/// <param name="Path">The file.</param>
/// <param name="Vector">The feature vector, D numbers; null when the image could not be used.</param>
/// <param name="Error">Why the image could not be used, in one sentence; null when it could.</param>
/// <param name="FromCache">Whether the vector was computed by an earlier run.</param>
internal sealed record EmbeddedImage(int Index, string Path, float[]? Vector, string? Error, bool FromCache = false);
