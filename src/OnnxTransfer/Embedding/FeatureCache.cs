using Microsoft.Data.Sqlite;
using OnnxTransfer.Embedding.Caching;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// Keeps feature vectors on disk, so that an image goes through a network once ever. A vector is found again by the content of
/// its file, whatever the name, and only under the very same network, preparation and versions. Rows are kept as they are
/// computed: a killed run goes on where it was. Processes may share a cache.
/// </summary>
/// <remarks>A cache that fails never fails a run: the run goes on without it, and <see cref="Problem"/> says why.</remarks>
public sealed class FeatureCache
{
    private readonly int? _maxPages;
    private string? _problem;

    /// <summary>A cache in a folder; nothing is read or written yet.</summary>
    /// <param name="folder">The folder; null for the user's own, <see cref="DefaultFolder"/>. It is made when it is needed.</param>
    public FeatureCache(string? folder = null) : this(folder, maxPages: null)
    {
    }

    /// <summary>A cache that may not grow beyond a number of pages, as if the disk were full.</summary>
    internal FeatureCache(string? folder, int? maxPages)
    {
        File = Path.GetFullPath(Path.Combine(folder ?? DefaultFolder, CacheDatabase.FileName));
        _maxPages = maxPages;
    }

    /// <summary>Where the cache of this user is: <c>features</c> beside the downloaded models.</summary>
    /// <exception cref="DirectoryNotFoundException">The account has no home folder and <c>ONNXTRANSFER_HOME</c> is not set.</exception>
    public static string DefaultFolder => Path.Combine(UserFolder.Home, "features");

    /// <summary>The full path of the database.</summary>
    public string File { get; }

    /// <summary>Why this cache was given up in the course of a run, in one sentence with the file; null as long as it works.</summary>
    public string? Problem => Volatile.Read(ref _problem);

    /// <summary>What the cache takes on the disk, in bytes; 0 where there is none.</summary>
    public long Bytes => new[] { File, File + "-wal" }.Where(System.IO.File.Exists).Sum(file => new FileInfo(file).Length);

    /// <summary>The networks that the cache has vectors of, the last used first, each under one preparation and one set of versions.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or no feature cache.</exception>
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

    /// <summary>Reads everything and compares it with its checksums.</summary>
    /// <exception cref="IOException">The cache cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged as a whole, or no feature cache.</exception>
    public CacheCheck Verify() => Guarded(new CacheCheck(0, 0), connection =>
    {
        using (var check = connection.Command("PRAGMA quick_check(1);"))
        {
            if ((string)check.ExecuteScalar()! is not "ok" and var finding) throw Throw.CacheDamaged(File, finding);
        }

        return new CacheCheck(connection.Number("SELECT count(*) FROM vector;"), Damaged(connection).Count);
    });

    /// <summary>Removes what is damaged, what no run has asked for in a while, and the oldest vectors beyond a size; the file shrinks.</summary>
    /// <param name="unusedFor">Vectors of a network that no run has used for so long go.</param>
    /// <param name="maxBytes">The size to keep to, in bytes; null for any.</param>
    /// <returns>How many vectors were removed.</returns>
    /// <exception cref="IOException">The cache cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">The file is damaged as a whole, or no feature cache.</exception>
    public long Collect(TimeSpan unusedFor, long? maxBytes = null) => Guarded(0L, connection =>
    {
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
            using var connection = Connect();
            return work(connection);
        }
        catch (SqliteException exception)
        {
            throw Throw.CacheFailed(File, exception);
        }
    }
}
