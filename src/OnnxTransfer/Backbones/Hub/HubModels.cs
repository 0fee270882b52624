using System.Net;
using OnnxTransfer.Backbones.Folders;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Backbones.Hub;

/// <summary>
/// Models of the Hugging Face hub: asks for each file, downloads what the cache does not have, and checks every download against the
/// checksum that the hub states. All files of a model are of one commit.
/// </summary>
internal sealed class HubModels : IDisposable
{
    /// <summary>A larger file holds its weights itself, so it is not searched for the names of further files.</summary>
    private const long LargestWithoutWeights = 64 << 20;

    // Redirects are followed by HubHandler, which knows who may see the token.
    private static readonly SocketsHttpHandler s_handler = new() { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };

    private readonly HubId _id;
    private readonly ModelStore _store;
    private readonly HubCache _cache;
    private readonly HttpClient _http;
    private readonly IProgress<WorkProgress>? _progress;
    private bool _isOffline;
    private string? _commit;

    private HubModels(HubId id, ModelStore store, IProgress<WorkProgress>? progress)
    {
        (_id, _store, _progress) = (id, store, progress);
        _cache = new HubCache(store.Hub.Folder, id.Repository);
        _http = new HttpClient(new HubHandler(store.MessageHandler ?? s_handler, store.Hub), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _isOffline = store.IsOffline || store.Hub.IsOffline;
        _commit = id.IsPinned || _isOffline ? _cache.CommitOf(id.Revision) : null;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The ONNX file of a model and what is stated about it; downloaded where it is not in the cache.</summary>
    /// <exception cref="ModelException">The hub cannot be reached, or does not have the model, and the cache does not either; or a file says something that cannot be done here.</exception>
    internal static async Task<ResolvedBackbone> OpenAsync(HubId id, ModelStore store, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var models = new HubModels(id, store, progress);
        try
        {
            return await models.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException and not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw Throw.HubCacheNotWritable(store.Hub.Folder, exception);
        }
    }

    /// <summary>The path of a model in the cache, without asking the hub; null where it is not there.</summary>
    internal static string? Find(HubId id, ModelStore store)
    {
        using var models = new HubModels(id, store, null);
        return models._cache.CommitOf(id.Revision) is { } commit ? models.Wanted.Select(file => models._cache.Find(commit, file)).FirstOrDefault(path => path is not null) : null;
    }

    /// <summary>Why a file of the cache is not the one that the hub described, in words; null where it is.</summary>
    internal static async Task<string?> DamageOfAsync(string path, CancellationToken cancellationToken)
    {
        // Where links are not allowed, the cache holds a copy whose checksum nothing states.
        if (Checksum.OfTag(Path.GetFileName(Content(path))) is not { } expected) return "its checksum is not known, because the cache holds a copy of it under another name";
        return await expected.IsOfAsync(path, cancellationToken).ConfigureAwait(false) ? null : $"it does not have the {expected.Name} {expected.Digits}";
    }

    private async Task<ResolvedBackbone> OpenAsync(CancellationToken cancellationToken)
    {
        var file = await ChooseAsync(cancellationToken).ConfigureAwait(false);
        var path = await GetAsync(file, cancellationToken).ConfigureAwait(false) ?? throw (_isOffline ? Throw.HubFileNotHere(_id, file, _store.Hub.Folder) : Throw.HubEntryNotFound(_id, file));
        var folder = file.Contains('/', StringComparison.Ordinal) ? file[..(file.LastIndexOf('/') + 1)] : "";
        foreach (var name in ModelFolder.ConfigNames)
            await GetAsync(folder == ModelFolder.Subfolder + "/" ? name : folder + name, cancellationToken).ConfigureAwait(false);
        var hash = await HashAsync(path, cancellationToken).ConfigureAwait(false);
        if (IsDamaged(path, hash))
        {
            File.Delete(Content(path));
            path = await GetAsync(file, cancellationToken).ConfigureAwait(false) ?? throw Throw.HubFileNotHere(_id, file, _store.Hub.Folder);
            hash = await HashAsync(path, cancellationToken).ConfigureAwait(false);
        }

        if (new FileInfo(Content(path)).Length <= LargestWithoutWeights)
        {
            foreach (var weights in OnnxModel.ExternalFiles(path))
            {
                // The reader of the file refuses other places, with its own words.
                if (!HubId.IsPath(weights)) continue;
                if (await GetAsync(folder + weights, cancellationToken).ConfigureAwait(false) is null)
                    throw _isOffline ? Throw.HubFileNotHere(_id, folder + weights, _store.Hub.Folder) : Throw.HubEntryNotFound(_id, folder + weights);
            }
        }

        var facts = ModelFolder.FactsOf(path);
        return new ResolvedBackbone(path, hash, facts with { Id = facts.Id ?? _id.Repository, Source = facts.Source ?? $"hf:{_id.Repository}@{_commit}/{file}" });
    }

    private Task<string> HashAsync(string path, CancellationToken cancellationToken) => VerifiedMark.HashAsync(Content(path), _store.MarkOf(Content(path)), cancellationToken);

    /// <summary>Whether a large file has changed since its download: its name in the cache is its SHA-256.</summary>
    private static bool IsDamaged(string path, string hash) => Checksum.OfTag(Path.GetFileName(Content(path))) is { Digits: { Length: 64 } digits } && digits != hash;

    /// <summary>The ONNX files that will do, the first that there is.</summary>
    private IReadOnlyList<string> Wanted => _id.File is { } named ? [named] : ModelFolder.UsualFiles;

    private async Task<string> ChooseAsync(CancellationToken cancellationToken)
    {
        if (_id.File is { } named) return named;
        foreach (var file in Wanted)
        {
            if (_commit is { } commit && _cache.Find(commit, file) is not null) return file;
            if (!_isOffline && await AskAsync(file, cancellationToken).ConfigureAwait(false) is not null) return file;
        }

        throw _isOffline ? Throw.HubFileNotHere(_id, ModelFolder.UsualFiles[2], _store.Hub.Folder) : Throw.HubHasNoModel(_id, ModelFolder.UsualFiles);
    }

    /// <summary>The path of a file; null where the repository does not have it, or the cache when offline.</summary>
    private async Task<string?> GetAsync(string file, CancellationToken cancellationToken)
    {
        if (_commit is { } known)
        {
            if (_cache.Find(known, file) is { } cached) return cached;
            if (_isOffline || _cache.IsKnownMissing(known, file)) return null;
        }

        if (_isOffline) return null;
        return await AskAsync(file, cancellationToken).ConfigureAwait(false) is { } answer ? await FetchAsync(answer, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>What the hub says about a file; null where the repository does not have it.</summary>
    private async Task<HubFile?> AskAsync(string file, CancellationToken cancellationToken)
    {
        // The first answer fixes the commit, so that a push in between does not mix two versions.
        var address = AddressOf(_commit ?? _id.Revision, file);
        HttpResponseMessage response;
        try
        {
            response = await ServerAnswers.PatientlyAsync(() => HeadAsync(address, cancellationToken), _store.Timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Without a network, the version of the last time serves.
            if (_commit is null && _cache.CommitOf(_id.Revision) is { } commit && Wanted.Any(one => _cache.Find(commit, one) is not null))
            {
                (_commit, _isOffline) = (commit, true);
                return _cache.Find(commit, file) is null ? null : new HubFile(file, address, commit, null, 0);
            }

            throw Throw.HubUnreachable(_id, address, exception);
        }

        using (response)
        {
            var code = Header(response, "X-Error-Code");
            var commit = Header(response, "X-Repo-Commit");
            if (commit is not null && HubId.IsCommit(commit)) _commit ??= commit;
            if (response.StatusCode == HttpStatusCode.NotFound && (code == "EntryNotFound" || (code is null && _commit is not null)))
            {
                if (_commit is not null) _cache.NoteMissing(_commit, file);
                return null;
            }

            if ((int)response.StatusCode >= 400) throw Throw.HubRefused(_id, address, (int)response.StatusCode, code, _store.Hub.Token is not null);
            if (_commit is null) throw Throw.HubAnswerUnusable(_id, address, "names no commit (X-Repo-Commit)");
            var tag = (Header(response, "X-Linked-ETag") ?? response.Headers.ETag?.Tag ?? Header(response, "ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
            if (tag is null || Checksum.OfTag(tag) is not { } checksum) throw Throw.HubAnswerUnusable(_id, address, "states no checksum (X-Linked-ETag or ETag)");
            var length = Header(response, "X-Linked-Size") is { } text && long.TryParse(text, out var linked) ? linked : response.Content.Headers.ContentLength;
            if (length is not { } bytes) throw Throw.HubAnswerUnusable(_id, address, "states no size (X-Linked-Size or Content-Length)");
            _cache.NoteCommit(_id.Revision, _commit);
            return new HubFile(file, AddressOf(_commit, file), _commit, checksum, bytes);
        }
    }

    private async Task<HttpResponseMessage> HeadAsync(Uri address, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(_store.Timeout);
        using var request = new HttpRequestMessage(HttpMethod.Head, address);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, silence.Token).ConfigureAwait(false);
    }

    private async Task<string> FetchAsync(HubFile file, CancellationToken cancellationToken)
    {
        if (_cache.Find(file.Commit, file.Name) is { } cached) return cached;
        var tag = file.Checksum!.Digits;
        var blob = _cache.BlobPath(tag);
        Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
        Directory.CreateDirectory(Path.GetDirectoryName(_cache.LockPath(tag))!);
        var held = await FileLock.AcquireAsync(_cache.LockPath(tag), cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            // Another process may have finished while this one waited.
            if (!File.Exists(blob)) await DownloadAsync(file, blob, cancellationToken).ConfigureAwait(false);
            return _cache.Link(file.Commit, file.Name, tag);
        }
    }

    private async Task DownloadAsync(HubFile file, string blob, CancellationToken cancellationToken)
    {
        var partial = _cache.PartialPath(file.Checksum!.Digits);
        if (file.Bytes == 0)
        {
            // There is nothing to ask for.
            AtomicFile.Write(blob, [], cancellationToken: cancellationToken);
            return;
        }

        var isModel = !file.Name.EndsWith(".json", StringComparison.Ordinal);
        var download = new Download(_http, new DownloadTarget([file.Address], file.Bytes, file.Checksum), partial, _store.Timeout, isModel ? _progress : null);
        if (!await download.RunAsync(cancellationToken).ConfigureAwait(false)) throw Throw.HubDownloadFailed(_id, file.Name, download.Failures);
        File.Move(partial, blob, overwrite: true);
    }

    private Uri AddressOf(string revision, string file) => new(
        _store.Hub.Endpoint, $"{_id.Repository}/resolve/{Uri.EscapeDataString(revision)}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}");

    /// <summary>The file that a link of the cache leads to.</summary>
    private static string Content(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && values.FirstOrDefault() is { Length: > 0 } value ? value : null;

    /// <summary>A file as the hub describes it; without a checksum where the cache's is used because the hub could not be asked.</summary>
    private sealed record HubFile(string Name, Uri Address, string Commit, Checksum? Checksum, long Bytes);
}
