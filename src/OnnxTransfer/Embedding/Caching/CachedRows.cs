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

    /// <summary>The time of the last use is noted to this.</summary>
    private static readonly TimeSpan s_precisionOfUse = TimeSpan.FromHours(1);

    private readonly FeatureCache _cache;
    private readonly int _dim;
    private readonly FileStream? _use;
    private readonly SqliteConnection? _writer;
    private readonly long _space;
    private readonly ConcurrentBag<Lookup> _lookups = [];
    private readonly List<(byte[] Image, float[] Row)> _pending = [];
    private CacheStatement? _insert;
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
            try
            {
                return lookup.Find(image, _dim);
            }
            finally
            {
                _lookups.Add(lookup);
            }
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
        _insert?.Dispose();
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
        // A row that is there already is equal, unless it is damaged, and then this repairs it.
        _insert ??= new CacheStatement(
            writer,
            "INSERT INTO vector (space, image, checksum, value) VALUES (?1, ?2, ?3, ?4) " +
            "ON CONFLICT (space, image) DO UPDATE SET checksum = excluded.checksum, value = excluded.value;");
        _insert.Bind(1, _space);
        using var transaction = writer.BeginTransaction(deferred: false);
        foreach (var (image, row) in _pending)
        {
            var bytes = MemoryMarshal.AsBytes<float>(row);
            _insert.Bind(2, image);
            _insert.Bind(3, Checksum.Of(bytes));
            _insert.Bind(4, bytes);
            try
            {
                _insert.Step();
            }
            finally
            {
                _insert.Reset();
            }
        }

        transaction.Commit();
    }

    /// <summary>Finds or makes the space and notes that it is in use.</summary>
    private static long Enter(SqliteConnection writer, CacheSpace space)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        // A run that finds all its rows then writes nothing. One commit would wait for the disk four times until the file is closed.
        using var noted = writer.Command(
            "SELECT id FROM space WHERE fingerprint = $fingerprint AND abs(used - $now) < $precision;",
            ("$fingerprint", space.Fingerprint), ("$now", now), ("$precision", (long)s_precisionOfUse.TotalSeconds));
        if (noted.ExecuteScalar() is long id) return id;
        return writer.Number(
            "INSERT INTO space (fingerprint, model, description, dim, used) VALUES ($fingerprint, $model, $description, $dim, $now) " +
            "ON CONFLICT (fingerprint) DO UPDATE SET used = excluded.used RETURNING id;",
            ("$fingerprint", space.Fingerprint), ("$model", space.Model), ("$description", space.Description), ("$dim", space.Dim), ("$now", now));
    }

    /// <summary>One thread's connection and its prepared query.</summary>
    private sealed class Lookup : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly CacheStatement _query;

        internal Lookup(SqliteConnection connection, long space)
        {
            _connection = connection;
            try
            {
                _query = new CacheStatement(connection, "SELECT checksum, value FROM vector WHERE space = ?1 AND image = ?2;");
                _query.Bind(1, space);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }

        internal float[]? Find(byte[] image, int dim)
        {
            _query.Bind(2, image);
            try
            {
                if (!_query.Step()) return null;
                var checksum = _query.Number(0);
                var bytes = _query.Bytes(1);
                if (bytes.Length != dim * sizeof(float) || checksum != Checksum.Of(bytes)) return null;
                var row = GC.AllocateUninitializedArray<float>(dim);
                bytes.CopyTo(MemoryMarshal.AsBytes(row.AsSpan()));
                return row;
            }
            finally
            {
                _query.Reset();
            }
        }

        public void Dispose()
        {
            _query.Dispose();
            _connection.Dispose();
        }
    }
}
