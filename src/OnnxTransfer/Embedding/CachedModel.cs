namespace OnnxTransfer;

/// <summary>The vectors of one network in a <see cref="FeatureCache"/>, under one preparation and one set of versions.</summary>
/// <param name="Id">The model's id.</param>
/// <param name="Dim">D, the length of a vector.</param>
/// <param name="Vectors">The number of vectors.</param>
/// <param name="Used">When a run last asked for them, to the hour.</param>
/// <param name="Description">Everything that the vectors depend on besides the image, one fact per line.</param>
public sealed record CachedModel(string Id, int Dim, long Vectors, DateTimeOffset Used, string Description);
