using Microsoft.Extensions.Logging;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>Logs that a download has begun, and passes its progress on.</summary>
internal sealed class DownloadLog(ILogger logger, string model, IProgress<WorkProgress>? next) : IProgress<WorkProgress>
{
    private bool _isLogged;

    public void Report(WorkProgress value)
    {
        if (!_isLogged) Log.Downloading(logger, model, value.Total);
        _isLogged = true;
        next?.Report(value);
    }
}
