namespace OnnxTransfer.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int Usage = 2;
    internal const int Canceled = 130;
}

/// <summary>The arguments parse but make no sense together; the message says what would.</summary>
internal sealed class UsageException(string message) : Exception(message);
