using System.Collections.Immutable;

namespace OnnxTransfer.Embedding.Files;

/// <summary>Makes the writer of a format.</summary>
/// <param name="path">The file.</param>
/// <param name="dim">D.</param>
/// <param name="backbone">The network of the vectors; null for none.</param>
internal delegate FeatureWriter FeatureWriterFactory(string path, int dim, string? backbone);

/// <summary>The formats of feature files, by extension.</summary>
internal static class FeatureFiles
{
    private static ImmutableSortedDictionary<string, FeatureWriterFactory> s_formats = ImmutableSortedDictionary.Create<string, FeatureWriterFactory>(StringComparer.Ordinal)
        .Add(".npy", static (path, dim, backbone) => new NpyWriter(path, dim, backbone))
        .Add(".npz", static (path, dim, backbone) => new NpzWriter(path, dim, backbone))
        .Add(".safetensors", static (path, dim, backbone) => new SafetensorsWriter(path, dim, backbone))
        .Add(".csv", static (path, dim, backbone) => new CsvWriter(path, dim, backbone));

    internal static IReadOnlyList<string> Extensions => [.. s_formats.Keys];

    /// <summary>Adds a format; another package calls it.</summary>
    internal static void Register(string extension, FeatureWriterFactory create) =>
        ImmutableInterlocked.Update(ref s_formats, formats => formats.SetItem(extension, create));

    /// <exception cref="ArgumentException">No format has the extension.</exception>
    internal static FeatureWriter Create(string path, int dim, string? backbone) =>
        s_formats.TryGetValue(Path.GetExtension(path).ToLowerInvariant(), out var create) ? create(path, dim, backbone) : throw Throw.FeatureFormatUnknown(path, Extensions);
}
