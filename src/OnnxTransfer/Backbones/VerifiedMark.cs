using System.Globalization;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Backbones;

/// <summary>
/// Remembers the SHA-256 of a model from the last time it was hashed, with the file's size and time, so that a start need not hash 100
/// MB. A file that has changed since has another size or time and is hashed again.
/// </summary>
internal static class VerifiedMark
{
    /// <summary>Where the mark of a model in the store is: beside it.</summary>
    internal static string PathFor(string modelPath) => modelPath + ".verified";

    /// <summary>The SHA-256 of the file: from the mark if it is still valid, otherwise computed and remembered.</summary>
    /// <param name="modelPath">The file.</param>
    /// <param name="markPath">Where the mark is; null if nothing can be remembered.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    internal static async Task<string> HashAsync(string modelPath, string? markPath, CancellationToken cancellationToken)
    {
        if (Read(markPath) is [var hash, var then] && then == StateOf(modelPath)) return hash;
        return await RehashAsync(modelPath, markPath, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The SHA-256 of the file, computed in any case and remembered.</summary>
    /// <param name="modelPath">The file.</param>
    /// <param name="markPath">Where the mark goes; null if nothing can be remembered.</param>
    /// <param name="cancellationToken">Stops the hashing.</param>
    internal static async Task<string> RehashAsync(string modelPath, string? markPath, CancellationToken cancellationToken)
    {
        var state = StateOf(modelPath);
        var hash = await FileHash.Sha256Async(modelPath, cancellationToken).ConfigureAwait(false);
        if (markPath is null) return hash;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(markPath)!);
            AtomicFile.Write(markPath, System.Text.Encoding.ASCII.GetBytes($"{hash} {state}\n"), cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            // A store on a read-only disk works too, only a little slower: the answer is the computed hash in both cases.
        }

        return hash;
    }

    private static string[] Read(string? path) => File.Exists(path) ? File.ReadAllText(path).TrimEnd().Split(' ', 2) : [];

    private static string StateOf(string path)
    {
        var file = new FileInfo(path);
        return string.Create(CultureInfo.InvariantCulture, $"{file.Length} {file.LastWriteTimeUtc.Ticks}");
    }
}
