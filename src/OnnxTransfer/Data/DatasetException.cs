namespace OnnxTransfer;

/// <summary>Images or labels cannot be used as they are: the message names the file, row or class and says how to correct it.</summary>
public sealed class DatasetException : OnnxTransferException
{
    /// <summary>The images cannot be used.</summary>
    public DatasetException() : base("The images cannot be used.")
    {
    }

    /// <summary>The images cannot be used, for the reason in <paramref name="message"/>.</summary>
    public DatasetException(string message) : base(message)
    {
    }

    /// <summary>The images cannot be used; the underlying error is <paramref name="innerException"/>.</summary>
    public DatasetException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
