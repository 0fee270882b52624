namespace OnnxTransfer.Internals;

/// <summary>The folder of this user's models and caches. All of it can be deleted; the library creates it again.</summary>
internal static class UserFolder
{
    private static readonly Lazy<string> s_home = new(() => Find(Environment.GetEnvironmentVariable, Environment.GetFolderPath));

    /// <summary>
    /// <c>ONNXTRANSFER_HOME</c> where it is set; else <c>onnxtransfer</c> in <c>XDG_CACHE_HOME</c>, in
    /// <c>%LOCALAPPDATA%</c> (Windows), <c>~/Library/Caches</c> (macOS) or <c>~/.cache</c>.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">None is set and the account has no home folder, as in many containers.</exception>
    internal static string Home => s_home.Value;

    internal static string Find(Func<string, string?> environment, Func<Environment.SpecialFolder, string> folder)
    {
        if (environment("ONNXTRANSFER_HOME") is { Length: > 0 } home) return Path.GetFullPath(home);
        // The XDG specification says to ignore relative paths.
        if (environment("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache)) return Path.Combine(cache, "onnxtransfer");
        if (OperatingSystem.IsWindows()) return Below(folder(Environment.SpecialFolder.LocalApplicationData));
        var user = folder(Environment.SpecialFolder.UserProfile);
        if (user.Length == 0) Throw.UserFolderUnknown();
        return Below(OperatingSystem.IsMacOS() ? Path.Combine(user, "Library", "Caches") : Path.Combine(user, ".cache"));
    }

    private static string Below(string parent)
    {
        if (parent.Length == 0) Throw.UserFolderUnknown();
        return Path.Combine(parent, "onnxtransfer");
    }
}
