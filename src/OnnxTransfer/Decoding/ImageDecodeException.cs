namespace OnnxTransfer.Decoding;

/// <summary>An image could not be decoded: the message says which one and why, in one sentence.</summary>
public sealed class ImageDecodeException : Exception
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

    /// <summary>The image file <paramref name="path"/> could not be decoded; the message is the path, a colon and the reason.</summary>
    public ImageDecodeException(string path, string reason, Exception? innerException) : base($"{path}: {reason}", innerException)
    {
        Path = path;
        Reason = reason;
    }

    /// <summary>The file; null when the image came as bytes.</summary>
    public string? Path { get; }

    /// <summary>Why, in one sentence that does not name the file.</summary>
    public string Reason { get; }
}
