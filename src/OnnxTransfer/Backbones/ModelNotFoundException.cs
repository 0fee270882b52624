namespace OnnxTransfer;

/// <summary>
/// There is no such model, or its file is not on this machine and could not be downloaded: name another model, or place the file where
/// the message says.
/// </summary>
public sealed class ModelNotFoundException : ModelException
{
    /// <summary>The model was not found.</summary>
    public ModelNotFoundException() : base("The model was not found.")
    {
    }

    /// <summary>The model was not found, for the reason in <paramref name="message"/>.</summary>
    public ModelNotFoundException(string message) : base(message)
    {
    }

    /// <summary>The model was not found; the underlying error is <paramref name="innerException"/>.</summary>
    public ModelNotFoundException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
