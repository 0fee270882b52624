using System.Diagnostics.CodeAnalysis;
using OnnxTransfer.Backbones;
using OnnxTransfer.Backbones.Hub;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// The models on this machine: the models that packages put beside the application, and a folder of downloads. A model that is in
/// neither place is downloaded and checked against its SHA-256. The file gets its name only after that, so a file in the store is
/// always whole. Thread-safe, and safe between processes.
/// </summary>
public sealed class ModelStore
{
    /// <summary>What <c>VerifyAsync</c> says of a file that does not exist.</summary>
    internal const string NotThere = "it is not there";

    private static readonly SocketsHttpHandler s_handler = new() { PooledConnectionLifetime = TimeSpan.FromMinutes(5) };

    /// <summary>The models that this store can download or that come in packages: the catalog of the library, the recommended one first.</summary>
    public IReadOnlyList<ModelInfo> Catalog => [.. Listed.Entries.Select(entry => ModelInfo.Of(entry.Card))];

    /// <summary>
    /// The models beside this application, in ordinal order of their ids: packages such as <c>OnnxTransfer.Models.ResNet18</c> put
    /// them into <c>onnxtransfer/models</c> when the application is built. They need no network and come before the catalog.
    /// </summary>
    /// <exception cref="ModelException">The card of such a model is missing or cannot be read.</exception>
    public IReadOnlyList<ModelInfo> BesideApplication =>
        [.. Application.Ids.Select(id => ModelInfo.Of(ApplicationModels.CardOf(Application.Find(id)!)))];

    /// <summary>
    /// The full path of the folder of downloads; it exists once something has been stored. By default it is the user's own:
    /// <c>models</c> in <c>ONNXTRANSFER_HOME</c> if that is set, otherwise <c>models</c> in <c>onnxtransfer</c> in the user's cache
    /// folder.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">No folder was given and the account has no home folder.</exception>
    public string Folder
    {
        get => field ??= Path.GetFullPath(Path.Combine(UserFolder.Home, "models"));
        init => field = Path.GetFullPath(value);
    }

    /// <summary>
    /// The full path of the folder of models of the Hugging Face hub, which other tools share: <c>HF_HUB_CACHE</c> if that is set, otherwise
    /// <c>hub</c> in <c>HF_HOME</c>, or in <c>huggingface</c> in the user's cache folder.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">None is set and the account has no home folder.</exception>
    public string HubFolder => Hub.Folder;

    /// <summary>
    /// Whether the store never uses the internet. The environment variable <c>ONNXTRANSFER_OFFLINE=1</c> also switches this on.
    /// </summary>
    public bool IsOffline { get; init; } = IsSwitchedOn(Environment.GetEnvironmentVariable("ONNXTRANSFER_OFFLINE"));

    /// <summary>How long a server may stay silent before the store tries the next mirror; 60 seconds by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not longer than zero.</exception>
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
    /// The handler that sends the requests, for a proxy with credentials or for tests; null for the default handler. The store does not
    /// dispose it. The default handler follows redirects and uses the system's proxy.
    /// </summary>
    public HttpMessageHandler? MessageHandler { get; init; }

    /// <summary>
    /// The facts that the card beside the application or the catalog states about a model. Upper and lower case of the id are equal.
    /// Nothing is downloaded.
    /// </summary>
    /// <exception cref="ModelNotFoundException">There is no such model: the message lists the nearest ids.</exception>
    /// <exception cref="ModelException">The card beside the application is missing or cannot be read.</exception>
    public ModelInfo Find(string id)
    {
        if (TryFind(id, out var model)) return model;
        if (HubId.TryParse(id, out var hub)) throw Throw.HubNotListed(hub);
        throw Throw.ModelIdUnknown(id, Application, Listed.Entries.Select(entry => entry.Id));
    }

    /// <summary>
    /// The facts that the card beside the application or the catalog states about a model, if there is one. Upper and lower case of the
    /// id are equal.
    /// </summary>
    /// <exception cref="ModelException">The card beside the application is missing or cannot be read.</exception>
    public bool TryFind(string id, [NotNullWhen(true)] out ModelInfo? model)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (Application.Find(id) is { } beside) model = ModelInfo.Of(ApplicationModels.CardOf(beside));
        else model = Listed.TryFind(id, out var entry) ? ModelInfo.Of(entry.Card) : null;
        return model is not null;
    }

    /// <summary>
    /// The path of the ONNX file of a model, beside the application or in <see cref="Folder"/>; if it is not downloaded yet, the path
    /// that it will have. A model of the Hugging Face hub (<c>hf:owner/name[@revision][/file]</c>) has a path in <see cref="HubFolder"/> once it
    /// is downloaded.
    /// </summary>
    /// <exception cref="ModelNotFoundException">There is no such model: the message lists the nearest ids. Or it is one of the hub that is not downloaded.</exception>
    /// <exception cref="ArgumentException"><paramref name="id"/> begins with <c>hf:</c>, but is no name on the hub.</exception>
    public string PathOf(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (HubId.TryParse(id, out var hub)) return HubModels.Find(hub, this) ?? throw Throw.HubPathUnknown(hub, HubFolder);
        return Application.Find(id) ?? PathOf(EntryOf(id));
    }

    /// <summary>
    /// Whether a model is on this machine: beside the application, in <see cref="Folder"/>, or, for <c>hf:owner/name[@revision][/file]</c>, in
    /// <see cref="HubFolder"/>. The file is not hashed.
    /// </summary>
    /// <exception cref="ModelNotFoundException">There is no such model: the message lists the nearest ids.</exception>
    /// <exception cref="ArgumentException"><paramref name="id"/> begins with <c>hf:</c>, but is no name on the hub.</exception>
    public bool Contains(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (HubId.TryParse(id, out var hub)) return HubModels.Find(hub, this) is not null;
        return Application.Find(id) is not null || Contains(EntryOf(id));
    }

    /// <summary>
    /// The path of a model. If the model is neither beside the application nor in <see cref="Folder"/>, it is downloaded first. A
    /// canceled or failed download leaves a <c>.partial</c> file, and the next call continues it. A model of the Hugging Face hub,
    /// <c>hf:owner/name[@revision][/file]</c>, is kept in <see cref="HubFolder"/>, with the files that state its preprocessing.
    /// </summary>
    /// <exception cref="ModelException">
    /// There is no such model; the file beside the application does not match its card; the model comes with a package that this
    /// application does not have; or no mirror gave the right bytes, or the store is offline: the message names every address tried,
    /// how to place the file by hand, and a model that needs no download.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled.</exception>
    public async Task<string> GetAsync(string id, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (HubId.TryParse(id, out var hub)) return (await HubModels.OpenAsync(hub, this, progress, cancellationToken).ConfigureAwait(false)).OnnxPath;
        if (Application.Find(id) is not { } beside) return await GetAsync(EntryOf(id), progress, cancellationToken).ConfigureAwait(false);
        return (await ApplicationModels.OpenAsync(beside, this, rehash: false, cancellationToken).ConfigureAwait(false)).OnnxPath;
    }

    /// <summary>Hashes a model on this machine, even if an earlier check is remembered.</summary>
    /// <returns>
    /// Null if the file is whole; otherwise the fault, in words: the file does not exist, has another size, or has another SHA-256.
    /// </returns>
    /// <exception cref="ModelNotFoundException">There is no such model: the message lists the nearest ids.</exception>
    /// <exception cref="ArgumentException"><paramref name="id"/> begins with <c>hf:</c>, but is no name on the hub.</exception>
    public async Task<string?> VerifyAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (HubId.TryParse(id, out var hub)) return HubModels.Find(hub, this) is { } file ? await HubModels.DamageOfAsync(file, cancellationToken).ConfigureAwait(false) : NotThere;
        if (Application.Find(id) is not { } beside) return await VerifyAsync(EntryOf(id), cancellationToken).ConfigureAwait(false);
        var expected = ApplicationModels.CardOf(beside).Sha256;
        var actual = await VerifiedMark.RehashAsync(beside, MarkOf(beside), cancellationToken).ConfigureAwait(false);
        return expected is null || actual == expected ? null : $"it has sha256 {actual}, not {expected}";
    }

    /// <summary>
    /// <see cref="Folder"/>; null if the account has no home folder, as in many containers. A model beside the application works there
    /// too.
    /// </summary>
    internal string? FolderIfAny => IfAny(() => Folder);

    private static string? IfAny(Func<string> folder)
    {
        try
        {
            return folder();
        }
        catch (DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Whose folder a file lies in, in words; null for one that is in none of this store's.</summary>
    internal string? OwnerOf(string path)
    {
        bool IsBelow(string? folder) => folder is not null && Path.GetFullPath(path).StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
        return IsBelow(Application.Folder) ? "this application" : IsBelow(FolderIfAny) ? "the store of downloaded models" : IsBelow(IfAny(() => HubFolder)) ? "the cache of the Hugging Face hub" : null;
    }

    /// <summary>The Hugging Face hub, as its environment variables set it; another one in tests.</summary>
    internal HubSettings Hub { get => field ??= HubSettings.FromEnvironment(Environment.GetEnvironmentVariable); init; }

    /// <summary>The models beside the application; those of this process but in tests.</summary>
    internal ApplicationModels Application { get; init; } = ApplicationModels.Default;

    /// <summary>The models that are available by id besides them.</summary>
    internal ModelCatalog Listed { get; init; } = ModelCatalog.Default;

    /// <summary>Where the ONNX file of an entry is or will be; its card is beside it.</summary>
    internal string PathOf(CatalogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return Path.Combine(Folder, entry.Id + ".onnx");
    }

    /// <summary>Where the last known SHA-256 of a model outside this folder is remembered; null if there is no folder to write to.</summary>
    internal string? MarkOf(string path)
    {
        if (FolderIfAny is not { } folder) return null;
        var place = FileHash.Sha256(System.Text.Encoding.UTF8.GetBytes(Path.GetFullPath(path)))[..16];
        return Path.Combine(folder, "beside-applications", $"{Path.GetFileName(path)}.{place}.verified");
    }

    /// <summary>Whether a file of the right size is in the folder; nothing is hashed.</summary>
    internal bool Contains(CatalogEntry entry) =>
        FolderIfAny is not null && new FileInfo(PathOf(entry)) is { Exists: true } file && file.Length == entry.Bytes;

    /// <inheritdoc cref="GetAsync(string, IProgress{WorkProgress}?, CancellationToken)"/>
    internal async Task<string> GetAsync(CatalogEntry entry, IProgress<WorkProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var path = PathOf(entry);
        var damage = await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false);
        if (damage is null) return WithCard(entry, path);
        // A package's model can still be placed in the folder by hand.
        if (entry.Package is not null) Throw.ModelInPackage(entry, path, Application);
        if (IsOffline) Throw.ModelUnavailable(entry, path, damage, [], isOffline: true, Application);
        var held = await LockAsync(entry, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            // Another process may have finished while this one waited.
            damage = await DamageAsync(entry, path, rehash: false, cancellationToken).ConfigureAwait(false);
            if (damage is not null) await DownloadAsync(entry, path, damage, progress, cancellationToken).ConfigureAwait(false);
        }

        return path;
    }

    /// <summary>Hashes the stored file, even if an earlier check is remembered.</summary>
    /// <returns>
    /// Null if the file is whole; otherwise the fault, in words: the file does not exist, has another size, or has another SHA-256.
    /// </returns>
    internal Task<string?> VerifyAsync(CatalogEntry entry, CancellationToken cancellationToken = default) =>
        DamageAsync(entry, PathOf(entry), rehash: true, cancellationToken);

    /// <summary>The name carries the hash, so that a catalog that has moved on to other bytes does not continue the old file.</summary>
    internal string PartialPathOf(CatalogEntry entry) => Path.Combine(Folder, $"{entry.Id}.{entry.Card.Sha256![..12]}.partial");

    private CatalogEntry EntryOf(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (Listed.TryFind(id, out var entry)) return entry;
        throw Throw.ModelIdUnknown(id, Application, Listed.Entries.Select(one => one.Id));
    }

    private static async Task<string?> DamageAsync(CatalogEntry entry, string path, bool rehash, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return NotThere;
        var length = new FileInfo(path).Length;
        if (length != entry.Bytes) return $"it has {length} bytes, not {entry.Bytes}";
        var (mark, expected) = (VerifiedMark.PathFor(path), entry.Card.Sha256);
        var actual = rehash
            ? await VerifiedMark.RehashAsync(path, mark, cancellationToken).ConfigureAwait(false)
            : await VerifiedMark.HashAsync(path, mark, cancellationToken).ConfigureAwait(false);
        return actual == expected ? null : $"it has sha256 {actual}, not {expected}";
    }

    private async Task DownloadAsync(
        CatalogEntry entry, string path, string damage, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(MessageHandler ?? s_handler, disposeHandler: false) { Timeout = System.Threading.Timeout.InfiniteTimeSpan };
        var download = new Download(http, new DownloadTarget(entry.Mirrors, entry.Bytes, Checksum.Sha256(entry.Card.Sha256!)), PartialPathOf(entry), Timeout, progress);
        bool isWhole;
        try
        {
            isWhole = await download.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsRefusedByDisk(e))
        {
            throw Throw.StoreNotWritable(Folder, e);
        }

        if (!isWhole) Throw.ModelUnavailable(entry, path, damage, download.Failures, isOffline: false, Application);
        Publish(entry.Card, download.PartialPath, path);
        await VerifiedMark.HashAsync(path, VerifiedMark.PathFor(path), cancellationToken).ConfigureAwait(false);
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
            // The store may be read-only. The card is for people and other tools; the library uses the catalog's card.
        }

        return path;
    }

    internal static bool IsSwitchedOn(string? value) =>
        value is "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) || string.Equals(value, "yes", StringComparison.OrdinalIgnoreCase);
}
