using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class UserFolderTests
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "somewhere"));

    [Fact]
    public void OwnVariableComesFirst() =>
        Assert.Equal(s_root, Find(("ONNXTRANSFER_HOME", s_root), ("XDG_CACHE_HOME", "/elsewhere")));

    [Fact]
    public void CacheVariableComesSecond() => Assert.Equal(Path.Combine(s_root, "onnxtransfer"), Find(("XDG_CACHE_HOME", s_root)));

    [Fact]
    public void RelativeCacheVariableIsIgnored() =>
        Assert.StartsWith(s_root, Find(("XDG_CACHE_HOME", "relative")), StringComparison.Ordinal);

    [Fact]
    public void ElseItIsTheCacheFolderOfTheOperatingSystem()
    {
        var parts = OperatingSystem.IsWindows() ? new[] { "LocalApplicationData" }
            : OperatingSystem.IsMacOS() ? ["UserProfile", "Library", "Caches"]
            : ["UserProfile", ".cache"];
        Assert.Equal(Path.Combine([s_root, .. parts, "onnxtransfer"]), UserFolder.Find(_ => null, folder => Path.Combine(s_root, folder.ToString())));
    }

    [Fact]
    public void AccountWithoutAFolderIsToldTheVariable()
    {
        var error = Assert.Throws<DirectoryNotFoundException>(() => UserFolder.Find(_ => null, _ => ""));
        Assert.Contains("ONNXTRANSFER_HOME", error.Message, StringComparison.Ordinal);
    }

    private static string Find(params (string Name, string Value)[] variables) =>
        UserFolder.Find(name => variables.FirstOrDefault(one => one.Name == name).Value, _ => s_root);
}
