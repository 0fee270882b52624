namespace OnnxTransfer;

/// <summary>The progress of a run: for an embedding run it counts images, skipped ones included; for a download it counts bytes.</summary>
/// <param name="Done">The amount that is done. For a continued download, it includes the bytes that were already there.</param>
/// <param name="Total">The total amount; 0 if it is not known.</param>
/// <param name="PerSecond">For an embedding run, the images per second in its last seconds; otherwise 0.</param>
/// <param name="Remaining">For an embedding run, the time that the rest takes at that speed; null if the total is not known, and otherwise.</param>
public readonly record struct WorkProgress(long Done, long Total, double PerSecond = 0, TimeSpan? Remaining = null);
