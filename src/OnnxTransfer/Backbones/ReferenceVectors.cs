using System.Runtime.InteropServices;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The feature vectors of the carried images, for the backbones that can be had on any machine: what PyTorch computes in
/// float64 from the same weights and from pixels that Pillow decoded and resized (<c>Parity/make_vectors.py</c>).
/// </summary>
internal static class ReferenceVectors
{
    /// <summary>
    /// What the vectors are filed under, by what identifies the weights: a file's SHA-256, or the id of a model that is built
    /// here from a pinned package, whose bytes depend on the converter's version.
    /// </summary>
    private static readonly Dictionary<string, string> s_files = new(StringComparer.Ordinal)
    {
        ["6e03d3be33e15b90c557f0b1377c52b2372dcd3015cca6670f8b1b711a89c132"] = "mobilenet-v2-tfhub",
        ["mobilenet-v2-oid"] = "mobilenet-v2-oid",
    };

    /// <summary>The tensor of all of them; other layers of the same model have no vectors.</summary>
    private const string Tensor = "features";

    /// <summary>Whether there are vectors of a model's features.</summary>
    internal static bool Exist(ModelCard card) => Find(card) is not null;

    /// <summary>The vector <c>[D]</c> of a carried image.</summary>
    /// <param name="card">A model of which there are vectors.</param>
    /// <param name="image">One of <see cref="PreprocessingParity.Images"/>.</param>
    internal static float[] Of(ModelCard card, string image) =>
        MemoryMarshal.Cast<byte, float>(PreprocessingParity.Resource($"{Find(card)}.{image}.f32")).ToArray();

    private static string? Find(ModelCard card)
    {
        if (card.Features.Tensor != Tensor) return null;
        if (card.Sha256 is { } hash && s_files.TryGetValue(hash, out var file)) return file;
        var isBuilt = ModelCatalog.Default.TryFind(card.Id, out var entry) && entry.Recipe is not null;
        return isBuilt ? s_files.GetValueOrDefault(entry!.Id) : null;
    }
}
