using Microsoft.Extensions.Logging;

namespace OnnxTransfer.Internals;

/// <summary>Every line that the library logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Model} runs on {Provider}: {Reason}")]
    internal static partial void NetworkOpened(ILogger logger, string model, string provider, string reason);

    [LoggerMessage(2, LogLevel.Information, "Downloading {Model}, {Bytes} bytes")]
    internal static partial void Downloading(ILogger logger, string model, long bytes);

    [LoggerMessage(3, LogLevel.Warning, "{Path} cannot be used: {Reason}")]
    internal static partial void ImageSkipped(ILogger logger, string path, string reason);

    [LoggerMessage(5, LogLevel.Warning, "{Path} is doubtful: {Warning}")]
    internal static partial void ImageDoubtful(ILogger logger, string path, string warning);

    [LoggerMessage(4, LogLevel.Debug, "Embedded {Images} images in {Seconds} s, skipped {Skipped}")]
    internal static partial void Embedded(ILogger logger, int images, double seconds, int skipped);
}
