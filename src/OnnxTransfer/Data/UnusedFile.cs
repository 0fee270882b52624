namespace OnnxTransfer;

/// <summary>A file, folder or row of a data source that is not among its images.</summary>
/// <param name="Path">The file or folder; for a table, its path, a colon and the line.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Reason">Why it is not used, in one sentence.</param>
public sealed record UnusedFile(string Path, UnusedKind Kind, string Reason);

/// <summary>The kind of a file that a data source does not use.</summary>
public enum UnusedKind
{
    /// <summary>Any other file: it does not begin like an image format that is read.</summary>
    Other = 0,

    /// <summary>
    /// A hidden file, or a hidden folder with all its content: its name begins with a dot, it has the hidden attribute, or it is
    /// <c>Thumbs.db</c>, <c>desktop.ini</c> or <c>__MACOSX</c>.
    /// </summary>
    Hidden,

    /// <summary>Text, such as a readme or a table.</summary>
    Text,

    /// <summary>A video.</summary>
    Video,

    /// <summary>A PDF or office document.</summary>
    Document,

    /// <summary>An archive or compressed file.</summary>
    Archive,

    /// <summary>A camera's raw photo.</summary>
    RawPhoto,

    /// <summary>
    /// An image without a known class: outside of the class folders, not matched by the pattern, or a row with an empty label.
    /// </summary>
    Unlabeled,

    /// <summary>A pipe, a socket or a device; never opened.</summary>
    NotAFile,

    /// <summary>A file or folder whose name is not UTF-8, which .NET cannot open.</summary>
    UnreadableName,

    /// <summary>A file or folder that may not be read.</summary>
    Unreadable,

    /// <summary>A link whose target is missing, or that leads back to a folder it is in.</summary>
    BrokenLink,
}
