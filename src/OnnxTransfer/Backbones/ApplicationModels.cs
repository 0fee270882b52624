namespace OnnxTransfer.Backbones;

/// <summary>
/// The models beside an application: <c>onnxtransfer/models/ID.onnx</c>, each with its card <c>ID.model.json</c>. Packages put them
/// there when the application is built. The library only reads the folder, so it may be on a read-only disk.
/// </summary>
/// <param name="folder">The folder; it need not exist.</param>
internal sealed class ApplicationModels(string folder)
{
    /// <summary>The models beside this process.</summary>
    internal static ApplicationModels Default { get; } = new(Path.Combine(AppContext.BaseDirectory, "onnxtransfer", "models"));

    internal string Folder => folder;

    /// <summary>The ids of all models in the folder, in ordinal order: the names of the files.</summary>
    internal IReadOnlyList<string> Ids => [.. Files().Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The path of a model; null when it is not in the folder. Upper and lower case of the id are equal.</summary>
    internal string? Find(string id) =>
        Files().FirstOrDefault(file => string.Equals(Path.GetFileNameWithoutExtension(file), id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The card of a model of this folder.</summary>
    /// <param name="path">The path that <see cref="Find"/> gave.</param>
    /// <exception cref="ModelException">There is no card, it cannot be read, or it has another id than the file's name.</exception>
    internal static ModelCard CardOf(string path)
    {
        var card = ModelCard.Load(ModelCard.PathFor(path));
        if (card.Id != Path.GetFileNameWithoutExtension(path)) Throw.CardOfAnotherId(ModelCard.PathFor(path), card.Id, path);
        return card;
    }

    /// <summary>A model of this folder, with the SHA-256 that its card states compared with the file's.</summary>
    /// <param name="path">The path that <see cref="Find"/> gave.</param>
    /// <param name="store">Remembers the file's SHA-256, so that it is computed at the first start only.</param>
    /// <param name="rehash">Whether to compute it in any case.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    /// <exception cref="ModelException">The card is unusable, or the file is not the one that it describes.</exception>
    internal static async Task<ResolvedBackbone> OpenAsync(string path, ModelStore store, bool rehash, CancellationToken cancellationToken)
    {
        var card = CardOf(path);
        var mark = store.MarkOf(path);
        var hash = rehash
            ? await VerifiedMark.RehashAsync(path, mark, cancellationToken).ConfigureAwait(false)
            : await VerifiedMark.HashAsync(path, mark, cancellationToken).ConfigureAwait(false);
        if (card.Sha256 is null || card.Sha256 == hash) return new ResolvedBackbone(path, hash, CardFacts.Of(card));
        // A package's files keep the time of packing, so another version can have the remembered size and time.
        if (!rehash) return await OpenAsync(path, store, rehash: true, cancellationToken).ConfigureAwait(false);
        Throw.ModelHashDiffers(path, ModelCard.PathFor(path), card.Sha256, hash);
        return null;
    }

    private IEnumerable<string> Files() => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.onnx") : [];
}
