namespace OnnxTransfer;

/// <summary>How far a piece of work is: of an embedding run the images, skipped ones included; of a download the bytes.</summary>
/// <param name="Done">How much is done; of a download that is continued, what was there before is part of it.</param>
/// <param name="Total">How much there is in all.</param>
public readonly record struct WorkProgress(long Done, long Total);
