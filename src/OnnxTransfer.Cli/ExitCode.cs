namespace OnnxTransfer.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int Usage = 2;
    /// <summary>By Ctrl+C.</summary>
    internal const int Canceled = 130;

    /// <summary>By a request to end, or a terminal that was closed.</summary>
    internal const int Terminated = 143;
}

/// <summary>The arguments parse but make no sense together; the message says what would.</summary>
internal sealed class UsageException(string message) : Exception(message)
{
    /// <summary>Runs a check or a parser of the library on what the user typed: what it refuses is wrong usage.</summary>
    internal static T Check<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (ArgumentException exception)
        {
            throw new UsageException(Failure.Describe(exception));
        }
    }

    /// <inheritdoc cref="Check{T}"/>
    internal static void Check(Action check) => Check(() =>
    {
        check();
        return true;
    });
}
