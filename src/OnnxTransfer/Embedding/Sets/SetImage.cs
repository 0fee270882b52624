namespace OnnxTransfer.Embedding.Sets;

/// <summary>An image of a feature set.</summary>
/// <param name="Id">Its name in the set.</param>
/// <param name="Label">Its class; null for none.</param>
/// <param name="Input">The image.</param>
internal readonly record struct SetImage(string Id, string? Label, ImageInput Input);
