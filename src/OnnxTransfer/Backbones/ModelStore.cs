using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>
/// The folder of models on this machine. What is asked for and not there is downloaded, checked against its SHA-256 and
/// only then given its name, so that a file in the store is always whole. Thread-safe, and safe between processes.
/// </summary>
public sealed class ModelStore
{
    private static readonly SocketsHttpHandler s_handler = new() { PooledConnectionLifetime = TimeSpan.FromMinutes(5) };

    /// <summary>All models that can be had by id: the catalogue that comes with the library, the recommended one first.</summary>
    public static IReadOnlyList<ModelInfo> Catalog { get; } = [.. ModelCatalog.Default.Entries.Select(ModelInfo.Of)];

    /// <summary>
    /// The full path of the folder; it exists once something has been stored. By default the user's own: <c>models</c> in
    /// <c>ONNXTRANSFER_HOME</c> where that is set, else in <c>onnxtransfer</c> in the user's cache folder.
    /// </summary>
    /// <exception cref="InvalidOperationException">No folder was given and the account has no home folder.</exception>
    public string Folder
    {
        get => field ??= Path.GetFullPath(Path.Combine(UserFolder.Home, "models"));
        init => field = Path.GetFullPath(value);
    }

    /// <summary>Never to touch the network; also switched on by the environment variable <c>ONNXTRANSFER_OFFLINE=1</c>.</summary>
    public bool IsOffline { get; init; } = IsSwitchedOn(Environment.GetEnvironmentVariable("ONNXTRANSFER_OFFLINE"));

    /// <summary>How long a server may stay silent before the next mirror is tried; 60 seconds by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not longer than zero.</exception>
    public TimeSpan Timeout
    {
        get;
        init
        {
            if (value <= TimeSpan.Zero) Throw.TimeoutNotPositive(nameof(Timeout), value);
            field = value;
        }
    } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Sends the requests in place of the default handler, for a proxy with credentials or for tests; it is not disposed.
    /// The default handler follows redirects and uses the system's proxy.
    /// </summary>
    public HttpMessageHandler? MessageHandler { get; init; }

    /// <summary>What the catalogue says of a model, whatever the case of its id.</summary>
    /// <exception cref="ModelException">There is none: the message lists the nearest ids.</exception>
    public static ModelInfo Find(string id) => ModelInfo.Of(ModelCatalog.Default.Find(id));

    /// <summary>What the catalogue says of a model, whatever the case of its id, if it has it.</summary>
    public static bool TryFind(string id, [NotNullWhen(true)] out ModelInfo? model)
    {
        model = ModelCatalog.Default.TryFind(id, out var entry) ? ModelInfo.Of(entry) : null;
        return model is not null;
    }

    /// <summary>Where the ONNX file of a model of the catalogue is or will be.</summary>
    /// <exception cref="ModelException">There is no such model: the message lists the nearest ids.</exception>
    public string PathOf(string id) => PathOf(ModelCatalog.Default.Find(id));

    /// <summary>Whether a model of the catalogue is on this machine; nothing is hashed.</summary>
    /// <exception cref="ModelException">There is no such model: the message lists the nearest ids.</exception>
    public bool Contains(string id) => Contains(ModelCatalog.Default.Find(id));

    /// <summary>
    /// The path of a model of the catalogue, downloaded first where it is not yet in the store. A cancelled or failed download
    /// leaves a <c>.partial</c> file, and the next call goes on from there.
    /// </summary>
    /// <exception cref="ModelException">
    /// There is no such model; no mirror gave the right bytes, or the store is offline: the message names every address tried
    /// and how to place the file by hand. Or the model is built by a recipe and has not been.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<string> GetAsync(string id, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default) =>
        GetAsync(ModelCatalog.Default.Find(id), progress, cancellationToken);

    /// <summary>Hashes a stored model, whatever was remembered of it.</summary>
    /// <returns>null when it is whole; else what is wrong with it, in words: not there, another size, another SHA-256.</returns>
    /// <exception cref="ModelException">There is no such model: the message lists the nearest ids.</exception>
    public Task<string?> VerifyAsync(string id, CancellationToken cancellationToken = default) =>
        VerifyAsync(ModelCatalog.Default.Find(id), cancellationToken);

    /// <summary>Where the ONNX file of an entry is or will be; its card is beside it.</summary>
    internal string PathOf(CatalogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Path.Combine(Folder, entry.Id + ".onnx");
    }

    /// <summary>Whether a file of the right size, or one built by the recipe, is there; nothing is hashed.</summary>
    internal bool Contains(CatalogEntry entry)
    {
        var file = new FileInfo(PathOf(entry));
        return file.Exists && (entry.Recipe is not null ? File.Exists(ModelCard.PathFor(file.FullName)) : file.Length == entry.Bytes);
    }

    /// <inheritdoc cref="GetAsync(string, IProgress{WorkProgress}?, CancellationToken)"/>
    internal async Task<string> GetAsync(CatalogEntry entry, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var path = PathOf(entry);
        var damage = await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false);
        if (damage is null) return WithCard(entry, path);
        if (entry.Recipe is not null) Throw.ModelNotBuilt(entry.Id, path, damage);
        if (IsOffline) Throw.ModelUnavailable(entry.Id, entry.Bytes!.Value, entry.Card.Sha256!, path, damage, offline: true, []);
        var held = await LockAsync(entry, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            // Another process may have finished while this one waited.
            damage = await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false);
            if (damage is not null) await DownloadAsync(entry, path, damage, progress, cancellationToken).ConfigureAwait(false);
        }

        return path;
    }

    /// <summary>
    /// Stores what a recipe builds, under the same lock and with the same care as a download: <paramref name="build"/> writes
    /// a temporary file, which is hashed, gets its card and is then renamed. Where the model is already there nothing is built.
    /// </summary>
    /// <param name="entry">An entry with a recipe.</param>
    /// <param name="build">Writes the ONNX file to the path it is given.</param>
    /// <param name="cancellationToken">Cancels waiting for the lock, and is passed on to <paramref name="build"/>.</param>
    /// <returns>The path of the stored model.</returns>
    /// <exception cref="ArgumentException">The entry has no recipe.</exception>
    /// <exception cref="ModelException">The store cannot be written, or <paramref name="build"/> wrote nothing.</exception>
    internal async Task<string> AddAsync(CatalogEntry entry, Func<string, CancellationToken, Task> build, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(build);
        var path = PathOf(entry);
        if (entry.Recipe is null) Throw.ModelNotRecipe(entry.Id);
        if (await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false) is null) return path;
        var held = await LockAsync(entry, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            if (await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false) is null) return path;
            var temporary = AtomicFile.TemporaryBeside(path);
            try
            {
                await build(temporary, cancellationToken).ConfigureAwait(false);
                if (!File.Exists(temporary)) Throw.ModelBuildLeftNothing(entry.Id, temporary);
                var hash = await FileHash.Sha256Async(temporary, cancellationToken).ConfigureAwait(false);
                Publish(entry.Card with { Sha256 = hash }, temporary, path);
            }
            finally
            {
                File.Delete(temporary);
            }
        }

        await VerifiedMark.HashAsync(path, cancellationToken).ConfigureAwait(false);
        return path;
    }

    /// <summary>Hashes the stored file, whatever was remembered of it.</summary>
    /// <returns>null when it is whole; else what is wrong with it, in words: not there, another size, another SHA-256.</returns>
    internal Task<string?> VerifyAsync(CatalogEntry entry, CancellationToken cancellationToken = default) =>
        DamageAsync(entry, PathOf(entry), rehash: true, cancellationToken);

    /// <summary>The card of a stored model: the catalogue's for a download, the one written when it was built for a recipe.</summary>
    internal ModelCard CardOf(CatalogEntry entry) =>
        entry.Recipe is null ? entry.Card : ModelCard.Load(ModelCard.PathFor(PathOf(entry)));

    /// <summary>The name carries the hash, so that a catalogue that has moved on to other bytes does not continue the old file.</summary>
    internal string PartialPathOf(CatalogEntry entry) => Path.Combine(Folder, $"{entry.Id}.{entry.Card.Sha256![..12]}.partial");

    private static async Task<string?> DamageAsync(CatalogEntry entry, string path, bool rehash, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return "it is not there";
        var cardPath = ModelCard.PathFor(path);
        if (entry.Recipe is not null && !File.Exists(cardPath)) return "it has no card";
        var expected = entry.Card.Sha256 ?? ModelCard.Load(cardPath).Sha256;
        if (expected is null) return "its card has no sha256";
        var length = new FileInfo(path).Length;
        if (entry.Bytes is { } bytes && length != bytes) return $"it has {length} bytes, not {bytes}";
        var actual = rehash
            ? await VerifiedMark.RehashAsync(path, cancellationToken).ConfigureAwait(false)
            : await VerifiedMark.HashAsync(path, cancellationToken).ConfigureAwait(false);
        return actual == expected ? null : $"it has sha256 {actual}, not {expected}";
    }

    private async Task DownloadAsync(
        CatalogEntry entry, string path, string damage, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(MessageHandler ?? s_handler, disposeHandler: false) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        var download = new Download(http, entry, PartialPathOf(entry), Timeout, progress);
        bool isWhole;
        try
        {
            isWhole = await download.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsRefusedByDisk(e))
        {
            throw Throw.StoreNotWritable(Folder, e);
        }

        if (!isWhole) Throw.ModelUnavailable(entry.Id, entry.Bytes!.Value, entry.Card.Sha256!, path, damage, offline: false, download.Failures);
        Publish(entry.Card, download.PartialPath, path);
        await VerifiedMark.HashAsync(path, cancellationToken).ConfigureAwait(false);
    }

    private async Task<FileStream> LockAsync(CatalogEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            return await FileLock.AcquireAsync(Path.Combine(Folder, entry.Id + ".lock"), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsRefusedByDisk(e))
        {
            throw Throw.StoreNotWritable(Folder, e);
        }
    }

    /// <summary>The card goes first: a crash in between leaves a card without a model, never a model without a card.</summary>
    private void Publish(ModelCard card, string from, string path)
    {
        try
        {
            card.Save(ModelCard.PathFor(path));
            File.Move(from, path, overwrite: true);
        }
        catch (Exception e) when (IsRefusedByDisk(e))
        {
            throw Throw.StoreNotWritable(Folder, e);
        }
    }

    private static bool IsRefusedByDisk(Exception e) => e is UnauthorizedAccessException or IOException;

    /// <summary>A file placed by hand has no card yet.</summary>
    private static string WithCard(CatalogEntry entry, string path)
    {
        var card = ModelCard.PathFor(path);
        try
        {
            if (!File.Exists(card)) entry.Card.Save(card);
        }
        catch (Exception e) when (IsRefusedByDisk(e))
        {
            // A read-only store: the card is for people and other tools, the catalogue's is the one that is used.
        }

        return path;
    }

    internal static bool IsSwitchedOn(string? value) =>
        value is "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) || string.Equals(value, "yes", StringComparison.OrdinalIgnoreCase);
}
