namespace OnnxTransfer.Datasets;

/// <summary>An image and its class.</summary>
/// <param name="Path">The file.</param>
/// <param name="ClassIndex">Its class, an index into the list of class labels, from 0.</param>
public sealed record LabeledImage(string Path, int ClassIndex);

/// <summary>An image that could not be used; the run went on without it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">Why not, in one sentence.</param>
public sealed record SkippedImage(string Path, string Reason);
