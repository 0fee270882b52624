namespace OnnxTransfer.Decoding;

/// <summary>An image could not be decoded: the message says which one and why, in one sentence.</summary>
public sealed class ImageDecodeException : Exception
{
    /// <summary>An image could not be decoded.</summary>
    public ImageDecodeException() : base("The image could not be decoded.")
    {
    }

    /// <summary>An image could not be decoded, for the reason in <paramref name="message"/>.</summary>
    public ImageDecodeException(string message) : base(message)
    {
    }

    /// <summary>An image could not be decoded; the decoder's own error is <paramref name="innerException"/>.</summary>
    public ImageDecodeException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
