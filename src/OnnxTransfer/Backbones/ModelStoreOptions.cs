using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>Where a <see cref="ModelStore"/> keeps its files and how it reaches the network.</summary>
public sealed record ModelStoreOptions
{
    private readonly TimeSpan _timeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The folder of the models; null (the default) for the user's own: <c>models</c> in <c>ONNXTRANSFER_HOME</c> where that
    /// is set, else in <c>onnxtransfer</c> in the user's cache folder.
    /// </summary>
    public string? Folder { get; init; }

    /// <summary>Never to touch the network; also switched on by the environment variable <c>ONNXTRANSFER_OFFLINE=1</c>.</summary>
    public bool Offline { get; init; } = IsSwitchedOff(Environment.GetEnvironmentVariable("ONNXTRANSFER_OFFLINE"));

    /// <summary>How long a server may stay silent before the next mirror is tried; 60 seconds by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not longer than zero.</exception>
    public TimeSpan Timeout
    {
        get => _timeout;
        init
        {
            if (value <= TimeSpan.Zero) Throw.TimeoutNotPositive(nameof(Timeout), value);
            _timeout = value;
        }
    }

    /// <summary>
    /// Sends the requests in place of the default handler, for a proxy with credentials or for tests; it is not disposed.
    /// The default handler follows redirects and uses the system's proxy.
    /// </summary>
    public HttpMessageHandler? MessageHandler { get; init; }

    internal static bool IsSwitchedOff(string? value) =>
        value is "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) || string.Equals(value, "yes", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How far a download is.</summary>
/// <param name="Id">The model.</param>
/// <param name="Url">The mirror in use.</param>
/// <param name="BytesDone">Bytes on disk, those of an earlier, interrupted download included.</param>
/// <param name="BytesTotal">Size of the file.</param>
public readonly record struct DownloadProgress(string Id, Uri Url, long BytesDone, long BytesTotal);
