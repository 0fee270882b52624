namespace OnnxTransfer;

/// <summary>A model's file or card is damaged, or has the wrong content: replace the file, or correct the card.</summary>
public sealed class InvalidModelException : ModelException
{
    /// <summary>The model is damaged.</summary>
    public InvalidModelException() : base("The model is damaged.")
    {
    }

    /// <summary>The model is damaged, for the reason in <paramref name="message"/>.</summary>
    public InvalidModelException(string message) : base(message)
    {
    }

    /// <summary>The model is damaged; the underlying error is <paramref name="innerException"/>.</summary>
    public InvalidModelException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
