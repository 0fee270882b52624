namespace OnnxTransfer;

/// <summary>
/// The requested execution provider does not work on this machine: choose another one, or <see cref="ExecutionProvider.Auto"/>.
/// </summary>
public sealed class ProviderUnavailableException : ModelException
{
    /// <summary>The execution provider is not available.</summary>
    public ProviderUnavailableException() : base("The execution provider is not available.")
    {
    }

    /// <summary>The execution provider is not available, for the reason in <paramref name="message"/>.</summary>
    public ProviderUnavailableException(string message) : base(message)
    {
    }

    /// <summary>The execution provider is not available; the underlying error is <paramref name="innerException"/>.</summary>
    public ProviderUnavailableException(string message, Exception? innerException) : base(message, innerException)
    {
    }
}
