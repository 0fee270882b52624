using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>A backbone's file, found and checked.</summary>
/// <param name="OnnxPath">The ONNX file.</param>
/// <param name="Sha256">Its SHA-256, 64 lower-case hexadecimal digits.</param>
/// <param name="Card">Its card; null when an ONNX file given by path has none beside it and must be inspected.</param>
internal sealed record ResolvedBackbone(string OnnxPath, string Sha256, ModelCard? Card);

/// <summary>Turns what a user names, a catalogue id or a path, into a file and its card.</summary>
internal static class BackboneResolver
{
    /// <summary>
    /// A catalogue id is fetched through the store. Anything else is a path: the card beside the file is read, and where it
    /// states a SHA-256, the file must have it.
    /// </summary>
    /// <exception cref="ModelException">Neither an id nor a file; a hash differs; a download failed; a recipe was not run.</exception>
    internal static async Task<ResolvedBackbone> ResolveAsync(
        string idOrPath,
        ModelStore? store = null,
        ModelCatalog? catalog = null,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(idOrPath);
        catalog ??= ModelCatalog.Default;
        if (catalog.TryFind(idOrPath, out var entry))
        {
            store ??= new ModelStore();
            var stored = await store.GetAsync(entry, progress, cancellationToken).ConfigureAwait(false);
            var card = store.CardOf(entry);
            return new ResolvedBackbone(stored, card.Sha256!, card);
        }

        if (!File.Exists(idOrPath))
            Throw.BackboneNotFound(idOrPath, Path.GetFullPath(idOrPath), Directory.Exists(idOrPath), catalog.Entries.Select(one => one.Id));
        return await FromFileAsync(idOrPath, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ResolvedBackbone> FromFileAsync(string path, CancellationToken cancellationToken)
    {
        // Before gigabytes are hashed for nothing.
        OnnxModel.CheckSize(path);
        var cardPath = ModelCard.PathFor(path);
        var card = File.Exists(cardPath) ? ModelCard.Load(cardPath) : null;
        var hash = await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false);
        if (card?.Sha256 is { } expected && expected != hash) Throw.ModelHashDiffers(path, cardPath, expected, hash);
        return new ResolvedBackbone(path, hash, card);
    }
}
