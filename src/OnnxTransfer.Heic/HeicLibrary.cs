using ImageMagick;

namespace OnnxTransfer.Heic;

/// <summary>Loads ImageMagick once in a process, under a policy that reaches HEIC alone.</summary>
internal static class HeicLibrary
{
    /// <summary>Where ImageMagick looks for its policy.</summary>
    private const string PolicyFolder = "MAGICK_CONFIGURE_PATH";

    /// <summary>
    /// What a hostile file could reach beside the HEIC reader is nothing: no other reader or writer, no program, no list of files; and
    /// pixels that do not fit into memory are an error instead of a file on the disk.
    /// </summary>
    private const string Policy =
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <policymap>
          <policy domain="delegate" rights="none" pattern="*"/>
          <policy domain="filter" rights="none" pattern="*"/>
          <policy domain="path" rights="none" pattern="@*"/>
          <policy domain="path" rights="none" pattern="|*"/>
          <policy domain="coder" rights="none" pattern="*"/>
          <policy domain="coder" rights="read" pattern="{HEIC,HEIF}"/>
          <policy domain="resource" name="width" value="65535"/>
          <policy domain="resource" name="height" value="65535"/>
          <policy domain="resource" name="disk" value="0"/>
        </policymap>
        """;

    private static readonly Lock s_lock = new();
    private static volatile bool s_isReady;

    /// <exception cref="ImageDecodeException">The native library cannot be loaded, or its policy cannot be written.</exception>
    internal static void Start()
    {
        if (s_isReady) return;
        try
        {
            lock (s_lock)
            {
                if (!s_isReady) SetUp();
                s_isReady = true;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw HeicErrors.NoTemporaryFile(exception);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException or TypeInitializationException)
        {
            throw HeicErrors.NotLoaded(exception);
        }
    }

    private static void SetUp()
    {
        // The user's own policy stays. Where ImageMagick is in use already it has read one, and ours comes too late. ImageMagick itself
        // cannot be asked for the variable: it would start, without a policy.
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(PolicyFolder)))
        {
            MagickNET.Initialize();
            return;
        }

        // It is read once, when the library starts. The folder is made for its owner alone.
        var folder = Directory.CreateTempSubdirectory("onnxtransfer-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "policy.xml"), Policy);
            MagickNET.SetEnvironmentVariable(PolicyFolder, folder.FullName);
            MagickNET.Initialize();
        }
        finally
        {
            MagickNET.SetEnvironmentVariable(PolicyFolder, "");
            folder.Delete(recursive: true);
        }
    }
}
