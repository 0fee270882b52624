namespace OnnxTransfer;

/// <summary>A model could not be found, downloaded, read or run: the message says which one, why and what to do.</summary>
public class ModelException : OnnxTransferException
{
    /// <summary>The model could not be used.</summary>
    public ModelException() : base("The model could not be used.")
    {
    }

    /// <summary>The model could not be used, for the reason in <paramref name="message"/>.</summary>
    public ModelException(string message) : base(message)
    {
    }

    /// <summary>The model could not be used; the underlying error is <paramref name="innerException"/>.</summary>
    public ModelException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
