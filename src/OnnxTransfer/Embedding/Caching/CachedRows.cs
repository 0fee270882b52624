using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// The rows of one space for the time of one run. Any thread may look rows up; one adds them. If the database fails, the cache records
/// the reason and this object stops: it finds and keeps no more rows, and the run continues. A damaged database is put aside: at once if it shows
/// when it is opened, otherwise at the end.
/// </summary>
internal sealed class CachedRows : IDisposable
{
    /// <summary>The loss at a kill: at most this number of rows, or this time.</summary>
    private const int RowsPerCommit = 32;
    private static readonly TimeSpan s_timePerCommit = TimeSpan.FromSeconds(1);

    private readonly FeatureCache _cache;
    private readonly int _dim;
    private readonly FileStream? _use;
    private readonly SqliteConnection? _writer;
    private readonly long _space;
    private readonly ConcurrentBag<Lookup> _lookups = [];
    private readonly List<(byte[] Image, float[] Row)> _pending = [];
    private long _committed = Stopwatch.GetTimestamp();
    private volatile bool _isDamaged;

    internal CachedRows(FeatureCache cache, CacheSpace space)
    {
        _cache = cache;
        _dim = space.Dim;
        try
        {
            (_use, _writer, _space) = Begin(cache, space);
        }
        catch (Exception exception) when (FeatureCache.IsFailure(exception))
        {
            cache.GiveUp(exception);
        }
    }

    /// <summary>The row of an image; null if there is no sound one.</summary>
    /// <param name="image">What <see cref="ImagePreprocessor.ContentKey"/> gives for the encoded image.</param>
    internal float[]? Find(byte[] image)
    {
        if (_cache.Problem is not null) return null;
        try
        {
            if (!_lookups.TryTake(out var lookup)) lookup = new Lookup(_cache.Connect(), _space);
            var row = lookup.Find(image, _dim);
            _lookups.Add(lookup);
            return row;
        }
        catch (Exception exception) when (FeatureCache.IsFailure(exception))
        {
            Fail(exception);
            return null;
        }
    }

    /// <summary>Keeps a row; it is on the disk after the next commit.</summary>
    internal void Add(byte[] image, float[] row)
    {
        _pending.Add((image, row));
        if (_pending.Count >= RowsPerCommit || Stopwatch.GetElapsedTime(_committed) >= s_timePerCommit) Commit();
    }

    public void Dispose()
    {
        Commit();
        foreach (var lookup in _lookups) lookup.Dispose();
        _writer?.Dispose();
        _use?.Dispose();
        if (_isDamaged) _cache.TryRebuild();
    }

    /// <summary>Opens the database for the run, and a new one where it is damaged.</summary>
    private static (FileStream? Use, SqliteConnection Writer, long Space) Begin(FeatureCache cache, CacheSpace space)
    {
        try
        {
            return Open();
        }
        catch (SqliteException exception) when (CacheDatabase.IsDamage(exception) && cache.TryRebuild())
        {
            return Open();
        }

        (FileStream?, SqliteConnection, long) Open()
        {
            var use = CacheLock.Share(cache.File);
            SqliteConnection? writer = null;
            try
            {
                writer = cache.Connect();
                return (use, writer, Enter(writer, space));
            }
            catch
            {
                writer?.Dispose();
                use?.Dispose();
                throw;
            }
        }
    }

    private void Fail(Exception exception)
    {
        _isDamaged |= CacheDatabase.IsDamage(exception);
        _cache.GiveUp(exception);
    }

    private void Commit()
    {
        try
        {
            if (_cache.Problem is null && _pending.Count > 0) Write(_writer!);
        }
        catch (SqliteException exception)
        {
            Fail(exception);
        }

        _pending.Clear();
        _committed = Stopwatch.GetTimestamp();
    }

    private void Write(SqliteConnection writer)
    {
        using var transaction = writer.BeginTransaction(deferred: false);
        // A row that is there already is equal, unless it is damaged, and then this repairs it.
        using var insert = writer.Command(
            "INSERT INTO vector (space, image, checksum, value) VALUES ($space, $image, $checksum, $value) " +
            "ON CONFLICT (space, image) DO UPDATE SET checksum = excluded.checksum, value = excluded.value;",
            ("$space", _space));
        insert.Transaction = transaction;
        var image = insert.Parameters.Add("$image", SqliteType.Blob);
        var checksum = insert.Parameters.Add("$checksum", SqliteType.Integer);
        var value = insert.Parameters.Add("$value", SqliteType.Blob);
        foreach (var (hash, row) in _pending)
        {
            var bytes = MemoryMarshal.AsBytes(row.AsSpan()).ToArray();
            (image.Value, checksum.Value, value.Value) = (hash, Checksum.Of(bytes), bytes);
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>Finds or makes the space and notes that it is in use.</summary>
    private static long Enter(SqliteConnection writer, CacheSpace space) => writer.Number(
        "INSERT INTO space (fingerprint, model, description, dim, used) VALUES ($fingerprint, $model, $description, $dim, $now) " +
        "ON CONFLICT (fingerprint) DO UPDATE SET used = excluded.used RETURNING id;",
        ("$fingerprint", space.Fingerprint), ("$model", space.Model), ("$description", space.Description), ("$dim", space.Dim),
        ("$now", DateTimeOffset.UtcNow.ToUnixTimeSeconds()));

    /// <summary>One thread's connection and its prepared query.</summary>
    private sealed class Lookup : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _query;
        private readonly SqliteParameter _image;

        internal Lookup(SqliteConnection connection, long space)
        {
            _connection = connection;
            _query = connection.Command("SELECT checksum, value FROM vector WHERE space = $space AND image = $image;", ("$space", space));
            _image = _query.Parameters.Add("$image", SqliteType.Blob);
        }

        internal float[]? Find(byte[] image, int dim)
        {
            _image.Value = image;
            using var reader = _query.ExecuteReader();
            if (!reader.Read()) return null;
            var bytes = reader.GetFieldValue<byte[]>(1);
            if (bytes.Length != dim * sizeof(float) || reader.GetInt64(0) != Checksum.Of(bytes)) return null;
            return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        }

        public void Dispose()
        {
            _query.Dispose();
            _connection.Dispose();
        }
    }
}
