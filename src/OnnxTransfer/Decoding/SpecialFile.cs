using System.Formats.Tar;

namespace OnnxTransfer.Decoding;

/// <summary>Distinguishes ordinary files from pipes, sockets and devices without opening the latter.</summary>
internal static class SpecialFile
{
    /// <summary>The offset of the file type in an archive header of the GNU format.</summary>
    private const int TypeOffset = 156;

    /// <summary>
    /// The kind of a file that is not ordinary, such as <c>named pipe</c>; null for an ordinary file. Only an empty ordinary file is
    /// opened.
    /// </summary>
    internal static string? KindOf(string path)
    {
        if (OperatingSystem.IsWindows()) return null;
        var file = new FileInfo(path);
        if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is { } target) file = new FileInfo(target.FullName);
        // Pipes, sockets and devices have no length.
        if (file is not { Exists: true, Length: 0 }) return null;
        try
        {
            return TypeOf(file.FullName) switch
            {
                TarEntryType.Fifo => "named pipe",
                TarEntryType.CharacterDevice or TarEntryType.BlockDevice => "device",
                _ => null,
            };
        }
        catch (Exception exception) when (exception is FileNotFoundException or UnauthorizedAccessException)
        {
            // The file no longer exists, or it is an ordinary file without read permission. The code that opens it reports the error.
            return null;
        }
        catch (IOException)
        {
            // An archive cannot contain sockets.
            return "socket";
        }
    }

    /// <summary>Checks a file before it is opened, because opening a pipe waits for a writer.</summary>
    /// <exception cref="ImageDecodeException">The file is a pipe, a socket or a device.</exception>
    internal static void RequireOrdinary(string path)
    {
        if (KindOf(path) is { } kind) Throw.ImageIsNoOrdinaryFile(kind);
    }

    /// <summary>
    /// The type of a file. .NET has no public API for it, but its archive writer examines the type before it opens the file.
    /// </summary>
    private static TarEntryType TypeOf(string path)
    {
        var header = new MemoryStream();
        using var writer = new TarWriter(header, TarEntryFormat.Gnu, leaveOpen: true);
        writer.WriteEntry(path, "entry");
        return (TarEntryType)header.GetBuffer()[TypeOffset];
    }
}
