namespace OnnxTransfer.Internals;

/// <summary>
/// The temporary files of writers that were killed: <c>.name.GUID.tmp</c> beside the file that they were to become. A living writer holds its
/// file open, and the system lets go of it when the writer ends, however that happens; so a file that nobody holds is abandoned.
/// </summary>
internal static class AbandonedFiles
{
    internal const string Extension = ".tmp";

    private const int GuidLength = 32;

    /// <summary>Between making a file and holding it a writer needs a moment, in which its file looks abandoned.</summary>
    private static readonly TimeSpan s_young = TimeSpan.FromSeconds(5);

    /// <summary>Where the file system tells nobody who holds a file, only age does.</summary>
    private static readonly TimeSpan s_ancient = TimeSpan.FromDays(2);

    private static readonly string[] s_withoutLocks = ["nfs", "cifs", "smb", "fuse", "9p", "v9fs"];

    /// <summary>Deletes what killed writers of one file left.</summary>
    /// <param name="path">The file that they were writing.</param>
    /// <returns>The number of files deleted.</returns>
    internal static int Delete(string path) => DeleteIn(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(path));

    /// <summary>Deletes what killed writers of any file left in a folder.</summary>
    internal static int DeleteIn(string folder) => Directory.Exists(folder) ? DeleteIn(folder, null) : 0;

    private static int DeleteIn(string folder, string? name)
    {
        var deleted = 0;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, ".*" + Extension))
            {
                if (IsTemporary(Path.GetFileName(file), name) && TryDelete(file)) deleted++;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Tidying is no reason for the write to fail.
        }

        return deleted;
    }

    /// <summary><c>.name.GUID.tmp</c>, of the name or of any.</summary>
    private static bool IsTemporary(string file, string? name)
    {
        var end = file.Length - Extension.Length - GuidLength;
        return end > 2 && file[end - 1] == '.' && Guid.TryParseExact(file.AsSpan(end, GuidLength), "N", out _)
            && (name is null || file.AsSpan(1, end - 2).SequenceEqual(name));
    }

    private static bool TryDelete(string file)
    {
        try
        {
            // A time ahead of the clock is of a clock that was wrong, and says nothing of the file's age.
            var age = DateTime.UtcNow - File.GetLastWriteTimeUtc(file);
            if (HasLocks(file) ? age.Duration() < s_young : age < s_ancient) return false;
            using (new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1))
            {
                // Nobody else holds it. Windows deletes no open file.
                if (!OperatingSystem.IsWindows()) File.Delete(file);
            }

            if (OperatingSystem.IsWindows()) File.Delete(file);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool HasLocks(string file)
    {
        try
        {
            return new DriveInfo(file).DriveFormat.ToLowerInvariant() is var format
                && !s_withoutLocks.Any(prefix => format.StartsWith(prefix, StringComparison.Ordinal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
