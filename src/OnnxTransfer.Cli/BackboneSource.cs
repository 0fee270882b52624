using OnnxTransfer.Backbones;
using OnnxTransfer.Cli.Output;
using OnnxTransfer.Conversion;

namespace OnnxTransfer.Cli;

/// <summary>Gets a model of the catalogue: downloads it, or builds it where the catalogue has a recipe instead of a file.</summary>
internal static class BackboneSource
{
    /// <summary>Builds a model that has a recipe and is not here yet; a path or any other id is left to the library.</summary>
    internal static async Task BuildIfNeededAsync(string backbone, CancellationToken cancellationToken)
    {
        if (!ModelStore.TryFind(backbone, out var model) || !model.IsBuilt || new ModelStore().Contains(model.Id)) return;
        await EnsureAsync(model, cancellationToken).ConfigureAwait(false);
    }

    /// <param name="model">The model.</param>
    /// <param name="archive">The package that it is built from, where that is on disk already; null to download it.</param>
    /// <param name="cancellationToken">Stops a download.</param>
    internal static Task<string> EnsureAsync(ModelInfo model, string? archive, CancellationToken cancellationToken) =>
        archive is not null ? RecipeBuilder.BuildFromArchiveAsync(model.Id, new ModelStore(), archive, cancellationToken) : EnsureAsync(model, cancellationToken);

    private static Task<string> EnsureAsync(ModelInfo model, CancellationToken cancellationToken) =>
        Progress.RunAsync($"Getting {model.Id}", report => model.IsBuilt
            ? RecipeBuilder.BuildAsync(model.Id, new ModelStore(), report, cancellationToken)
            : new ModelStore().GetAsync(model.Id, report, cancellationToken));
}
