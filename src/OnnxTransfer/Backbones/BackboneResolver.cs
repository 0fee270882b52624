using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.Backbones.Hub;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Backbones;

/// <summary>A backbone's file, found and checked.</summary>
/// <param name="OnnxPath">The ONNX file.</param>
/// <param name="Sha256">Its SHA-256, 64 lower-case hexadecimal digits; null for a graph that is not in a file yet.</param>
/// <param name="Facts">What is stated about it; the graph tells the rest.</param>
internal sealed record ResolvedBackbone(string OnnxPath, string? Sha256, CardFacts Facts)
{
    /// <summary>Its card; null where the facts are no whole card.</summary>
    internal ModelCard? Card => Facts.Whole;

    /// <summary>Whose folder the file lies in, for messages; null for one of the user's own.</summary>
    internal string? Owner { get; init; }
}

/// <summary>Finds the file and the card for the name that a user gives, an id or a path.</summary>
internal static class BackboneResolver
{
    /// <summary>
    /// Looks for a model beside the application first, then in the catalog, whose models are fetched through the store. A name that begins
    /// with <c>hf:</c> is a repository of the Hugging Face hub. Any other name is a path of a file or a folder: the card beside the file is
    /// read, or the files that come with it, and if a card states a SHA-256, the file must match it.
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
        var found = await FindAsync(idOrPath, store, progress, cancellationToken).ConfigureAwait(false);
        return found with { Owner = store.OwnerOf(found.OnnxPath) };
    }

    private static async Task<ResolvedBackbone> FindAsync(string idOrPath, ModelStore store, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        if (store.Application.Find(idOrPath) is { } beside)
            return await ApplicationModels.OpenAsync(beside, store, rehash: false, cancellationToken).ConfigureAwait(false);

        if (store.Listed.TryFind(idOrPath, out var entry))
        {
            var stored = await store.GetAsync(entry, progress, cancellationToken).ConfigureAwait(false);
            return new ResolvedBackbone(stored, entry.Card.Sha256!, CardFacts.Of(entry.Card));
        }

        if (HubId.TryParse(idOrPath, out var hub)) return await HubModels.OpenAsync(hub, store, progress, cancellationToken).ConfigureAwait(false);
        if (Directory.Exists(idOrPath)) return await FromFileAsync(ModelFolder.Choose(idOrPath), idOrPath, cancellationToken).ConfigureAwait(false);
        if (!File.Exists(idOrPath)) Throw.BackboneNotFound(idOrPath, Path.GetFullPath(idOrPath), store.Application, store.Listed.Entries.Select(one => one.Id));
        return await FromFileAsync(idOrPath, folder: null, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ResolvedBackbone> FromFileAsync(string path, string? folder, CancellationToken cancellationToken)
    {
        // This check comes first, so that no gigabytes are hashed for nothing.
        OnnxModel.CheckSize(path);
        var facts = ModelFolder.FactsOf(path);
        var hash = await FileHash.Sha256Async(path, cancellationToken).ConfigureAwait(false);
        if (facts.Sha256 is { } expected && expected != hash) Throw.ModelHashDiffers(path, ModelCard.PathFor(path), expected, hash);
        // "model" says little: a folder is the name of what is in it.
        return new ResolvedBackbone(path, hash, folder is null || facts.Id is not null ? facts : facts with { Id = ModelFolder.NameOf(folder) });
    }
}
