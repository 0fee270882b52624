using System.Diagnostics;

namespace OnnxTransfer.Internals;

/// <summary>
/// A lock between processes: a file held open without sharing. The operating system lets go of it when its holder ends,
/// however that happens; the empty file stays behind, because deleting it would let two waiters lock two different files.
/// </summary>
internal static class FileLock
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Holds the lock alone; null while anybody else holds it.</summary>
    internal static FileStream? TryAcquire(string path)
    {
        try
        {
            return Open(path);
        }
        catch (IOException e) when (IsHeldByAnother(e))
        {
            return null;
        }
    }

    /// <summary>Holds the lock together with others who share it.</summary>
    /// <exception cref="IOException">Somebody held the lock alone for all this time.</exception>
    internal static FileStream Share(string path, TimeSpan longestWait)
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read, bufferSize: 1);
            }
            catch (IOException e) when (IsHeldByAnother(e) && Stopwatch.GetElapsedTime(start) < longestWait)
            {
                Thread.Sleep(s_pause);
            }
        }
    }

    internal static async Task<FileStream> AcquireAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return Open(path);
            }
            catch (IOException e) when (IsHeldByAnother(e))
            {
                await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);

    /// <summary>ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION on Windows, EWOULDBLOCK on Linux (11) and macOS (35).</summary>
    private static bool IsHeldByAnother(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xFFFF) is 32 or 33
        : e.HResult is 11 or 35;
}
