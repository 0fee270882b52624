using System.Formats.Tar;

namespace OnnxTransfer.Decoding;

/// <summary>Tells ordinary files from pipes, sockets and devices without opening those.</summary>
internal static class SpecialFile
{
    /// <summary>Where the type of a file is in an archive's header of the GNU format.</summary>
    private const int TypeOffset = 156;

    /// <summary>What a file is where it is no ordinary one, such as <c>named pipe</c>; null for an ordinary file. Only an ordinary, empty file is opened for that.</summary>
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
            // Gone by now, or an ordinary file that may not be read: whoever opens it says so.
            return null;
        }
        catch (IOException)
        {
            // No archive holds sockets.
            return "socket";
        }
    }

    /// <summary>Checks before a file is opened, because opening a pipe waits for whoever writes to it.</summary>
    /// <exception cref="ImageDecodeException">The file is a pipe, a socket or a device.</exception>
    internal static void RequireOrdinary(string path)
    {
        if (KindOf(path) is { } kind) Throw.ImageIsNoOrdinaryFile(kind);
    }

    /// <summary>.NET has no public name for a file's type, but its writer of archives looks at it before it opens anything.</summary>
    private static TarEntryType TypeOf(string path)
    {
        var header = new MemoryStream();
        using var writer = new TarWriter(header, TarEntryFormat.Gnu, leaveOpen: true);
        writer.WriteEntry(path, "entry");
        return (TarEntryType)header.GetBuffer()[TypeOffset];
    }
}
