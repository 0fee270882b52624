using Microsoft.Extensions.Logging;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>Logs each address that a download is taken from, once, and passes the progress on.</summary>
internal sealed class DownloadLog(ILogger logger, IProgress<DownloadProgress>? next) : IProgress<DownloadProgress>
{
    private Uri? _from;

    public void Report(DownloadProgress value)
    {
        if (value.Url != _from)
        {
            _from = value.Url;
            Log.Downloading(logger, value.Id, value.BytesTotal, value.Url);
        }

        next?.Report(value);
    }
}
