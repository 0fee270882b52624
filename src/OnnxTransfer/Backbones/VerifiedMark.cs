using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Remembers beside a model which SHA-256 was found when it was last hashed, with the file's size and time then, so that
/// 100 MB need not be hashed at every start. A file that changed since has another size or time and is hashed again.
/// </summary>
internal static class VerifiedMark
{
    internal static string PathFor(string modelPath) => modelPath + ".verified";

    /// <summary>The SHA-256 of the file, from the mark where it still holds, else computed and remembered.</summary>
    internal static async Task<string> HashAsync(string modelPath, CancellationToken cancellationToken)
    {
        var state = StateOf(modelPath);
        if (Read(modelPath) is [var hash, var then] && then == state) return hash;
        return await RehashAsync(modelPath, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The SHA-256 of the file, computed in any case and remembered.</summary>
    internal static async Task<string> RehashAsync(string modelPath, CancellationToken cancellationToken)
    {
        var state = StateOf(modelPath);
        var hash = await FileHash.Sha256Async(modelPath, cancellationToken).ConfigureAwait(false);
        try
        {
            AtomicFile.Write(PathFor(modelPath), System.Text.Encoding.ASCII.GetBytes($"{hash} {state}\n"));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // A store baked into a read-only image works as well, only a little slower: the answer is the computed hash either way.
        }

        return hash;
    }

    private static string[] Read(string modelPath)
    {
        var path = PathFor(modelPath);
        return File.Exists(path) ? File.ReadAllText(path).TrimEnd().Split(' ', 2) : [];
    }

    private static string StateOf(string path)
    {
        var file = new FileInfo(path);
        return string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}");
    }
}
