namespace OnnxTransfer;

/// <summary>
/// The base of the exceptions of this library: the message says what happened, why and what to do. For a wrong argument, and for a file
/// or folder that is missing or cannot be written, the library throws .NET's own exceptions.
/// </summary>
public class OnnxTransferException : Exception
{
    /// <summary>The work could not be done.</summary>
    public OnnxTransferException() : base("The work could not be done.")
    {
    }

    /// <summary>The work could not be done, for the reason in <paramref name="message"/>.</summary>
    public OnnxTransferException(string message) : base(message)
    {
    }

    /// <summary>The work could not be done; the underlying error is <paramref name="innerException"/>.</summary>
    public OnnxTransferException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
