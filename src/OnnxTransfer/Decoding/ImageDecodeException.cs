namespace OnnxTransfer;

/// <summary>An image could not be decoded. The message says which image and why, in one sentence.</summary>
public sealed class ImageDecodeException : OnnxTransferException
{
    /// <summary>An image could not be decoded.</summary>
    public ImageDecodeException() : this("The image could not be decoded.")
    {
    }

    /// <summary>An image could not be decoded; <paramref name="message"/> says why.</summary>
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

    /// <summary>The image: the path of its file, or the id that it was given; null if it has neither.</summary>
    public string? Id { get; }

    /// <summary>The reason, in one sentence that does not name the image.</summary>
    public string Reason { get; }

    /// <summary>
    /// Whether the guard against hangs (<see cref="DecodeOptions.MaxTime"/>) stopped the decode. If true, the image itself may be valid; if
    /// false, it cannot be used.
    /// </summary>
    public bool TimedOut { get; init; }
}
