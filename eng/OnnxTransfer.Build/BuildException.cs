namespace OnnxTransfer.Build;

/// <summary>A build step failed; the message is for the person at the terminal and needs no stack trace.</summary>
public sealed class BuildException(string message) : Exception(message);
