using System.Globalization;
using Microsoft.Data.Sqlite;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Caching;

/// <summary>
/// Who has a cache open, across processes: a file beside it that users hold together, and that one process holds alone while it puts a damaged
/// cache aside. SQLite's file must not be renamed while anybody has it open: a second file of its name would share the log of the first.
/// </summary>
internal static class CacheLock
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(1);

    /// <summary>Holds the lock together with other users; null where the folder cannot be written, so that nobody puts the cache aside either.</summary>
    /// <exception cref="IOException">Another process puts the cache aside, and takes very long.</exception>
    internal static FileStream? Share(string database)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(database)!);
            return FileLock.Share(PathOf(database), s_longestWait);
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Renames a damaged cache, so that the next connection makes a new one.</summary>
    /// <param name="database">The file.</param>
    /// <returns>
    /// Whether the way is free: the file was renamed, or another process has replaced it already; and its new name, if it was renamed now.
    /// The way is not free while others have the file open, or where it cannot be renamed.
    /// </returns>
    internal static (bool IsFree, string? NewName) PutAside(string database)
    {
        try
        {
            using var alone = FileLock.TryAcquire(PathOf(database));
            if (alone is null) return (false, null);
            if (!IsDamaged(database)) return (true, null);
            var aside = FreeName(database);
            File.Move(database, aside);
            // SQLite finds the log of a file by its name: the log belongs to the damaged file and not to the next one.
            if (File.Exists(database + "-wal")) File.Move(database + "-wal", aside + "-wal");
            File.Delete(database + "-shm");
            return (true, aside);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (false, null);
        }
    }

    /// <summary>Deletes what was put aside.</summary>
    internal static void DeleteDamaged(string database)
    {
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(database)!, Path.GetFileName(database) + DamagedExtension + "*")) File.Delete(file);
    }

    private const string DamagedExtension = ".damaged-";

    private static string PathOf(string database) => database + ".lock";

    /// <summary>Asked again when nobody else can write: another process may have replaced the file meanwhile.</summary>
    private static bool IsDamaged(string database)
    {
        if (!File.Exists(database)) return false;
        try
        {
            using var connection = CacheDatabase.Open(database);
            using var check = connection.Command("PRAGMA quick_check(1);");
            return check.ExecuteScalar() is not "ok";
        }
        catch (SqliteException exception)
        {
            return CacheDatabase.IsDamage(exception);
        }
        catch (InvalidDataException)
        {
            // It belongs to another program or to another version.
            return false;
        }
    }

    private static string FreeName(string database)
    {
        for (var number = 1; ; number++)
        {
            var name = database + DamagedExtension + number.ToString(CultureInfo.InvariantCulture);
            if (!File.Exists(name)) return name;
        }
    }
}
