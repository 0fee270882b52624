namespace OnnxTransfer;

/// <summary>How far a piece of work is: of an embedding run the images, skipped ones included; of a download the bytes.</summary>
/// <param name="Done">How much is done; of a download that is continued, what was there before is part of it.</param>
/// <param name="Total">How much there is in all.</param>
/// <param name="PerSecond">Of an embedding run, the images per second of its last seconds; else 0.</param>
/// <param name="Remaining">Of an embedding run, how long the rest takes at that pace; else null.</param>
public readonly record struct WorkProgress(long Done, long Total, double PerSecond = 0, TimeSpan? Remaining = null);
