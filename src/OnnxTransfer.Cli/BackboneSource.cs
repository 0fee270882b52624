using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Commands;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.Cli;

/// <summary>Gets a model of the catalogue: downloads it, or builds it where the catalogue has a recipe instead of a file.</summary>
internal static class BackboneSource
{
    /// <summary>Builds a model that has a recipe and is not here yet; a path or any other id is left to the library.</summary>
    internal static async Task BuildIfNeededAsync(string backbone, CancellationToken cancellationToken)
    {
        if (!ModelCatalog.Default.TryFind(backbone, out var entry) || entry.Recipe is null || new ModelStore().Contains(entry)) return;
        await EnsureAsync(entry, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="entry">The model.</param>
    /// <param name="archive">The package of the entry's recipe, where it is on disk already; null to download it.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    internal static Task<string> EnsureAsync(CatalogEntry entry, string? archive, CancellationToken cancellationToken) =>
        archive is not null ? RecipeBuilder.BuildFromArchiveAsync(entry, new ModelStore(), archive, cancellationToken) : EnsureAsync(entry, cancellationToken);

    private static Task<string> EnsureAsync(CatalogEntry entry, CancellationToken cancellationToken) =>
        Progress.RunAsync($"Getting {entry.Card.Id}", report => entry.Recipe is null
            ? new ModelStore().GetAsync(entry, CommonOptions.Download(report), cancellationToken)
            : RecipeBuilder.BuildAsync(entry, new ModelStore(), CommonOptions.Download(report), cancellationToken));
}
