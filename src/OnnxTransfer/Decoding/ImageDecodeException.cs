namespace OnnxTransfer;

/// <summary>An image could not be decoded: the message says which one and why, in one sentence.</summary>
public sealed class ImageDecodeException : OnnxTransferException
{
    /// <summary>An image could not be decoded.</summary>
    public ImageDecodeException() : this("The image could not be decoded.")
    {
    }

    /// <summary>An image could not be decoded, for the reason in <paramref name="message"/>.</summary>
    public ImageDecodeException(string message) : this(message, null)
    {
    }

    /// <summary>An image could not be decoded; the decoder's own error is <paramref name="innerException"/>.</summary>
    public ImageDecodeException(string message, Exception? innerException) : base(message, innerException) =>
        Reason = message;

    /// <summary>The image <paramref name="id"/> could not be decoded; the message is the id, a colon and the reason.</summary>
    public ImageDecodeException(string id, string reason, Exception? innerException) : base($"{id}: {reason}", innerException)
    {
        Id = id;
        Reason = reason;
    }

    /// <summary>The image: the path of its file, or the id it was given; null when it has neither.</summary>
    public string? Id { get; }

    /// <summary>Why, in one sentence that does not name the image.</summary>
    public string Reason { get; }

    /// <summary>
    /// Whether the guard against hangs (<see cref="DecodeOptions.MaxTime"/>) stopped the decode, so that nothing is known against the
    /// image; else the image itself cannot be used.
    /// </summary>
    public bool TimedOut { get; init; }
}
