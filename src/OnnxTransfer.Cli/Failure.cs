namespace OnnxTransfer.Cli;

/// <summary>Which exceptions are the user's to read, and how they read.</summary>
internal static class Failure
{
    /// <summary>An error with a message written for the user; anything else is a fault of ours and keeps its stack trace.</summary>
    internal static bool IsExpected(Exception exception) =>
        exception is OnnxTransferException or InvalidDataException or ArgumentException or IOException or UnauthorizedAccessException
            or NotSupportedException or DllNotFoundException;

    internal static string Describe(Exception exception)
    {
        // .NET appends the parameter's name and value to argument errors, which mean nothing at a terminal.
        var end = exception is ArgumentException { ParamName: { } name } ? exception.Message.IndexOf($" (Parameter '{name}')", StringComparison.Ordinal) : -1;
        return end < 0 ? exception.Message : exception.Message[..end];
    }
}
