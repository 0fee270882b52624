using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Backbones.Hub;

/// <summary>A model on the Hugging Face hub: <c>hf:owner/name[@revision][/file]</c>.</summary>
/// <param name="Repository">Owner and name.</param>
/// <param name="Revision">A branch, a tag or a commit; <c>main</c> where none is named.</param>
/// <param name="File">The ONNX file; null to look for the usual ones.</param>
internal sealed record HubId(string Repository, string Revision, string? File)
{
    private const string Scheme = "hf:";

    /// <summary>Whether the revision is a commit, whose files never change.</summary>
    internal bool IsPinned => IsCommit(Revision);

    /// <summary>Whether a text names a model on the hub.</summary>
    /// <exception cref="ArgumentException">It begins as such a name does, but is none.</exception>
    internal static bool TryParse(string text, [NotNullWhen(true)] out HubId? id)
    {
        id = null;
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var parts = text[Scheme.Length..].Split('/', 3);
        var (name, revision) = parts.Length < 2 ? ("", "") : parts[1].Split('@', 2) is [var before, var behind] ? (before, Uri.UnescapeDataString(behind)) : (parts[1], "main");
        var file = parts.Length < 3 ? null : parts[2];
        if (parts.Length < 2 || !IsName(parts[0]) || !IsName(name) || !IsPath(revision) || (file is not null && !IsPath(file))) throw Throw.HubIdUnreadable(text);
        id = new HubId($"{parts[0]}/{name}", revision, file);
        return true;
    }

    internal static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a text is a path of names with '/' between them that stays below its folder.</summary>
    internal static bool IsPath(string text) => text.Split('/').All(IsName);

    public override string ToString() => Revision == "main" ? Repository : $"{Repository}@{Revision}";

    private static bool IsName(string text) =>
        text.Length > 0 && text.Trim('.').Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '+');
}
