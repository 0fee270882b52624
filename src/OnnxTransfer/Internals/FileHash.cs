using System.Security.Cryptography;

namespace OnnxTransfer.Internals;

/// <summary>SHA-256 of files.</summary>
internal static class FileHash
{
    /// <summary>64 lower-case hexadecimal digits of what will be a file.</summary>
    internal static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>64 lower-case hexadecimal digits; the file is streamed.</summary>
    /// <exception cref="IOException">The file may not be read.</exception>
    internal static async Task<string> Sha256Async(string path, CancellationToken cancellationToken)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan | FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException and not FileNotFoundException or UnauthorizedAccessException)
        {
            throw Throw.FileUnreadable(path, exception);
        }

        await using (stream.ConfigureAwait(false))
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }
}
