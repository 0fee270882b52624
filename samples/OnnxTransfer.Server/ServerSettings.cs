namespace OnnxTransfer.Server;

/// <summary>What <c>appsettings.json</c>, environment variables and the command line set.</summary>
public sealed class ServerSettings
{
    /// <summary>The classifier of <c>/predict</c>; without a path there is no such address.</summary>
    public ImageClassifierServiceOptions Classifier { get; set; } = new();

    /// <summary>The backbone of <c>/embed</c>: an id, or the path of an <c>.onnx</c> file; without one there is no such address.</summary>
    public string Model { get; set; } = "resnet18";

    /// <summary>Images that are computed at the same time; 0 for one per core.</summary>
    public int MaxConcurrentImages { get; set; }

    /// <summary>Requests that wait for their turn; one more is answered with 503.</summary>
    public int MaxWaitingRequests { get; set; } = 64;

    /// <summary>Largest body in bytes; a larger one is answered with 413.</summary>
    public long MaxBodyBytes { get; set; } = 20_000_000;

    /// <summary>Largest image in pixels, as its header states; a larger one is answered with 400 before it is decoded.</summary>
    public long MaxPixels { get; set; } = 50_000_000;
}
