using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Backbones;

/// <summary>A backbone's file, found and checked.</summary>
/// <param name="OnnxPath">The ONNX file.</param>
/// <param name="Sha256">Its SHA-256, 64 lower-case hexadecimal digits.</param>
/// <param name="Card">Its card; null when an ONNX file given by path has none beside it and must be inspected.</param>
internal sealed record ResolvedBackbone(string OnnxPath, string Sha256, ModelCard? Card);

/// <summary>Finds the file and the card for the name that a user gives, an id or a path.</summary>
internal static class BackboneResolver
{
    /// <summary>
    /// Looks for a model beside the application first, then in the catalog, whose models are fetched through the store. Any other name
    /// is a path: the card beside the file is read, and if it states a SHA-256, the file must match it.
    /// </summary>
    /// <exception cref="ModelException">Neither an id nor a file; a hash differs; a download failed.</exception>
    internal static async Task<ResolvedBackbone> ResolveAsync(
        string idOrPath,
        ModelStore? store = null,
        IProgress<WorkProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(idOrPath);
        store ??= new ModelStore();
        if (store.Application.Find(idOrPath) is { } beside)
            return await ApplicationModels.OpenAsync(beside, store, rehash: false, cancellationToken).ConfigureAwait(false);

        if (store.Listed.TryFind(idOrPath, out var entry))
        {
            var stored = await store.GetAsync(entry, progress, cancellationToken).ConfigureAwait(false);
            return new ResolvedBackbone(stored, entry.Card.Sha256!, entry.Card);
        }

        if (!File.Exists(idOrPath))
            Throw.BackboneNotFound(idOrPath, Path.GetFullPath(idOrPath), Directory.Exists(idOrPath), store.Application, store.Listed.Entries.Select(one => one.Id));
        return await FromFileAsync(idOrPath, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ResolvedBackbone> FromFileAsync(string path, CancellationToken cancellationToken)
    {
        // This check comes first, so that no gigabytes are hashed for nothing.
        OnnxModel.CheckSize(path);
        var cardPath = ModelCard.PathFor(path);
        var card = File.Exists(cardPath) ? ModelCard.Load(cardPath) : null;
        var hash = await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false);
        if (card?.Sha256 is { } expected && expected != hash) Throw.ModelHashDiffers(path, cardPath, expected, hash);
        return new ResolvedBackbone(path, hash, card);
    }
}
