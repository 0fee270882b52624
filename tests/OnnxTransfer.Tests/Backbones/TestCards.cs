using System.Security.Cryptography;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

/// <summary>Cards and entries of models that exist only in a test.</summary>
internal static class TestCards
{
    public static ModelCard Card { get; } = new()
    {
        Id = "x",
        License = "MIT",
        Input = new ModelInput("in", TensorLayout.Nchw, 4, 4),
        Features = new ModelFeatures("f", 8),
        Preprocess = new PreprocessSpec { Filter = ResizeFilter.Nearest, Resize = Resize.Stretch(4, 4) },
    };

    /// <summary>An entry named x of the given bytes, at /x.onnx of each host.</summary>
    public static CatalogEntry Download(byte[] content, params string[] hosts) => new()
    {
        Name = "X",
        Card = Card with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(content)) },
        Bytes = content.Length,
        Mirrors = [.. hosts.Select(host => new Uri($"http://{host}/x.onnx"))],
    };
}
