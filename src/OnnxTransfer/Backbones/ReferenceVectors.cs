using System.Runtime.InteropServices;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The feature vectors of the carried images, for the backbones that need no download: what PyTorch computes in
/// float64 from the same weights and from pixels that Pillow decoded and resized (<c>Parity/make_vectors.py</c>).
/// </summary>
internal static class ReferenceVectors
{
    /// <summary>The key of the vectors, by the SHA-256 of the ONNX file.</summary>
    private static readonly Dictionary<string, string> s_files = new(StringComparer.Ordinal)
    {
        ["6e03d3be33e15b90c557f0b1377c52b2372dcd3015cca6670f8b1b711a89c132"] = "mobilenet-v2-tfhub",
        ["a9170191b4b7b033be964dd71bc1b203121a59156bfebf8c1bc5909d01e1aef8"] = "resnet18",
    };

    /// <summary>The tensor that all these vectors come from; other layers of the same model have no reference vectors.</summary>
    private const string Tensor = "features";

    /// <summary>Whether there are vectors of a model's features.</summary>
    internal static bool Exist(ModelCard card) => Find(card) is not null;

    /// <summary>The vector <c>[D]</c> of a carried image.</summary>
    /// <param name="card">A model that has reference vectors.</param>
    /// <param name="image">One of <see cref="PreprocessingParity.Images"/>.</param>
    internal static float[] Of(ModelCard card, string image) =>
        MemoryMarshal.Cast<byte, float>(PreprocessingParity.Resource($"{Find(card)}.{image}.f32")).ToArray();

    private static string? Find(ModelCard card) =>
        card is { Sha256: { } hash, Features.Tensor: Tensor } ? s_files.GetValueOrDefault(hash) : null;
}
