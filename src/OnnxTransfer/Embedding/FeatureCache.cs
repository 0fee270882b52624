using Microsoft.Data.Sqlite;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Keeps feature vectors on disk, so that a network sees each image once; later runs read its vector. The cache finds a vector by the
/// content of the image's file, not by its name, and only for the same network, preprocessing and versions. Each vector is saved as
/// soon as it is computed, so a killed run continues where it stopped. Several processes may share a cache.
/// </summary>
/// <remarks>
/// If the cache fails, the run continues without it, and <see cref="Problem"/> says why. A damaged cache is put aside, and a new one is started;
/// <see cref="Rebuilt"/> then names the damaged file.
/// </remarks>
public sealed class FeatureCache
{
    private readonly int? _maxPages;
    private string? _problem;
    private string? _rebuilt;

    /// <summary>Creates a cache in a folder. Nothing is read or written yet.</summary>
    /// <param name="folder">The folder; null for the user's own, <see cref="DefaultFolder"/>. It is created when it is needed.</param>
    public FeatureCache(string? folder = null) : this(folder, maxPages: null)
    {
    }

    /// <summary>A cache that may not grow beyond a number of pages, as if the disk were full.</summary>
    internal FeatureCache(string? folder, int? maxPages)
    {
        File = Path.GetFullPath(Path.Combine(folder ?? DefaultFolder, CacheDatabase.FileName));
        _maxPages = maxPages;
    }

    /// <summary>The folder of this user's cache: <c>features</c> beside the downloaded models.</summary>
    /// <exception cref="DirectoryNotFoundException">The account has no home folder and <c>ONNXTRANSFER_HOME</c> is not set.</exception>
    public static string DefaultFolder => Path.Combine(UserFolder.Home, "features");

    /// <summary>The full path of the database.</summary>
    public string File { get; }

    /// <summary>Why a run stopped using this cache, in one sentence that names the file; null as long as the cache works.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>
    /// That a run found this cache damaged, renamed its file and started a new one, in one sentence that names both files; null if no run did. A
    /// cache that other processes have open is renamed by a later run.
    /// </summary>
    public string? Rebuilt => Volatile.Read(ref _rebuilt);

    /// <summary>The size of the cache on the disk, in bytes; 0 if there is no cache.</summary>
    public long Bytes => new[] { File, File + "-wal" }.Where(System.IO.File.Exists).Sum(file => new FileInfo(file).Length);

    /// <summary>
    /// The networks whose vectors are in the cache, the last used first. Each entry is one network with one preprocessing and one set
    /// of versions. The thumbnails by which training finds near duplicates are an entry of their own, <c>thumbnails</c>.
    /// </summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or is not a feature cache.</exception>
    public IReadOnlyList<CachedModel> Models() => Guarded<IReadOnlyList<CachedModel>>([], connection =>
    {
        using var query = connection.Command(
            "SELECT model, dim, used, description, (SELECT count(*) FROM vector WHERE space = space.id) FROM space ORDER BY used DESC, id;");
        using var reader = query.ExecuteReader();
        var models = new List<CachedModel>();
        while (reader.Read())
        {
            models.Add(new CachedModel(
                reader.GetString(0), reader.GetInt32(1), reader.GetInt64(4), DateTimeOffset.FromUnixTimeSeconds(reader.GetInt64(2)), reader.GetString(3)));
        }

        return models;
    });

    /// <summary>Reads all vectors and compares them with their checksums.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="InvalidDataException">The whole file is damaged, or it is not a feature cache.</exception>
    public CacheCheck Verify() => Guarded(new CacheCheck(0, 0), connection =>
    {
        using (var check = connection.Command("PRAGMA quick_check(1);"))
        {
            if ((string)check.ExecuteScalar()! is not "ok" and var finding) throw Throw.CacheDamaged(File, finding);
        }

        return new CacheCheck(connection.Number("SELECT count(*) FROM vector;"), Damaged(connection).Count);
    });

    /// <summary>
    /// Removes damaged vectors, the vectors of networks that no run has used for a while, and the oldest vectors above a size. The file
    /// shrinks. Damaged files that runs have put aside are deleted.
    /// </summary>
    /// <param name="unusedFor">The vectors of a network are removed if no run has used it for this time; runs note their use once an hour.</param>
    /// <param name="maxBytes">The largest size, in bytes; null for no limit.</param>
    /// <returns>The number of removed vectors.</returns>
    /// <exception cref="IOException">The cache cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">The whole file is damaged, or it is not a feature cache.</exception>
    public long Collect(TimeSpan unusedFor, long? maxBytes = null) => Guarded(0L, connection =>
    {
        AbandonedFiles.DeleteIn(Path.GetDirectoryName(File)!);
        CacheLock.DeleteDamaged(File);
        var before = connection.Number("SELECT count(*) FROM vector;");
        foreach (var id in Damaged(connection)) connection.Execute("DELETE FROM vector WHERE id = $id;", ("$id", id));
        connection.Execute("DELETE FROM space WHERE used < $since;", ("$since", (DateTimeOffset.UtcNow - unusedFor).ToUnixTimeSeconds()));
        if (maxBytes is { } limit) KeepTo(connection, limit);
        connection.Execute("PRAGMA incremental_vacuum;");
        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE);");
        return before - connection.Number("SELECT count(*) FROM vector;");
    });

    /// <summary>The rows of a space, for one run.</summary>
    internal CachedRows Open(CacheSpace space) => new(this, space);

    /// <summary>Opens the database for one thread.</summary>
    internal SqliteConnection Connect()
    {
        var connection = CacheDatabase.Open(File);
        if (_maxPages is { } pages) connection.Execute($"PRAGMA max_page_count = {pages};");
        return connection;
    }

    /// <summary>Ends caching for good, for the first reason given.</summary>
    internal void GiveUp(Exception exception) => Interlocked.CompareExchange(ref _problem, Throw.CacheFailed(File, exception).Message, null);

    /// <summary>Puts a damaged cache aside, for the next connection to make a new one; nobody in this process may have it open.</summary>
    /// <returns>False where it cannot be put aside now, as others have it open.</returns>
    internal bool TryRebuild()
    {
        var (isFree, newName) = CacheLock.PutAside(File);
        if (newName is not null) Volatile.Write(ref _rebuilt, Throw.CacheRebuilt(File, newName));
        return isFree;
    }

    /// <summary>Whether an exception is the database's or the disk's, and not a fault of ours.</summary>
    internal static bool IsFailure(Exception exception) =>
        exception is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException;

    private static List<long> Damaged(SqliteConnection connection)
    {
        using var query = connection.Command("SELECT vector.id, checksum, value, dim FROM vector JOIN space ON space.id = vector.space;");
        using var reader = query.ExecuteReader();
        var damaged = new List<long>();
        while (reader.Read())
        {
            var value = reader.GetFieldValue<byte[]>(2);
            if (value.Length != reader.GetInt32(3) * sizeof(float) || reader.GetInt64(1) != Checksum.Of(value)) damaged.Add(reader.GetInt64(0));
        }

        return damaged;
    }

    /// <summary>Removes the oldest vectors until the pages in use fit.</summary>
    private static void KeepTo(SqliteConnection connection, long maxBytes)
    {
        while (connection.Number("SELECT count(*) FROM vector;") is > 0 and var vectors)
        {
            var used = (connection.Number("PRAGMA page_count;") - connection.Number("PRAGMA freelist_count;")) * connection.Number("PRAGMA page_size;");
            if (used <= maxBytes) return;
            var excess = Math.Max(1, (long)(vectors * (1 - ((double)maxBytes / used))));
            connection.Execute("DELETE FROM vector WHERE id IN (SELECT id FROM vector ORDER BY id LIMIT $excess);", ("$excess", excess));
        }
    }

    private T Guarded<T>(T whenAbsent, Func<SqliteConnection, T> work)
    {
        if (!System.IO.File.Exists(File)) return whenAbsent;
        try
        {
            using var use = CacheLock.Share(File);
            using var connection = Connect();
            return work(connection);
        }
        catch (SqliteException exception)
        {
            throw Throw.CacheFailed(File, exception);
        }
    }
}
