namespace OnnxTransfer.Cli;

/// <summary>Which exceptions are the user's to read, and how they read.</summary>
internal static class Failure
{
    /// <summary>An error with a message written for the user; anything else is a fault of ours and keeps its stack trace.</summary>
    internal static bool IsExpected(Exception exception) =>
        exception is OnnxTransferException or InvalidDataException or ArgumentException or IOException or UnauthorizedAccessException
            or DllNotFoundException;

    internal static string Describe(Exception exception)
    {
        var message = exception.Message;
        // .NET appends the parameter's name to argument errors, which means nothing at a terminal.
        var suffix = exception is ArgumentException { ParamName: { } name } ? $" (Parameter '{name}')" : "";
        return suffix.Length > 0 ? message.Replace(suffix, "", StringComparison.Ordinal) : message;
    }
}
