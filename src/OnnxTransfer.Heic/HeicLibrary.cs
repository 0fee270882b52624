using ImageMagick;

namespace OnnxTransfer.Heic;

/// <summary>Loads ImageMagick once in a process, under a policy that allows only HEIC.</summary>
internal static class HeicLibrary
{
    /// <summary>The environment variable that tells ImageMagick where its policy is.</summary>
    private const string PolicyFolder = "MAGICK_CONFIGURE_PATH";

    /// <summary>
    /// A policy that leaves a hostile file only the HEIC reader: no other reader or writer, no external program, no list of files. Pixels
    /// that do not fit into memory are an error and are not written to the disk.
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
        // Keep the user's own policy. If ImageMagick is already in use, it has read a policy, and this one would come too late. Do not ask
        // ImageMagick for the variable: the question would start it without a policy.
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(PolicyFolder)))
        {
            MagickNET.Initialize();
            return;
        }

        // ImageMagick reads the policy once, when the library starts. Only the owner can read the folder.
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
