using ImageMagick;

namespace OnnxTransfer.Heic;

/// <summary>
/// Error messages of this decoder. The methods return what a caller throws, so that the compiler sees where the flow ends.
/// </summary>
internal static class HeicErrors
{
    internal static ImageDecodeException NotHeic(ImageFormat format) => new(
        $"The image is {format}, but HeicDecoder reads only HEIC: leave FeatureExtractorOptions.Decoder unset and call HeicDecoder.Register() to read both.");

    internal static ImageDecodeException NotLoaded(Exception inner) => new(
        $"The HEIC image cannot be read because ImageMagick could not be loaded ({Innermost(inner).Message.Split('\n')[0].Trim().TrimEnd('.')}): Magick.NET, a dependency of OnnxTransfer.Heic, contains it for Windows, Linux and macOS (ARM); publish the application for its platform (`dotnet publish -r`).",
        inner);

    internal static ImageDecodeException NoTemporaryFile(Exception inner) => new(
        $"The HEIC image cannot be read because no temporary file could be written for ImageMagick ({inner.Message.TrimEnd('.')}): choose another folder with the environment variable {(OperatingSystem.IsWindows() ? "TMP" : "TMPDIR")}.", inner);

    internal static ImageDecodeException NotAllowed(MagickException inner) => new(
        "The HEIC image cannot be read because the ImageMagick security policy of this process does not allow it: give the coder HEIC the right to read in the application's policy.xml.", inner);

    internal static ImageDecodeException LimitReached(MagickException inner) => new(
        $"The HEIC image needs more than the ImageMagick limits of this process allow: {Reason(inner)} (see ImageMagick.ResourceLimits).", inner);

    /// <summary>ImageMagick's reason, without the file name and the position in ImageMagick's source code.</summary>
    internal static string Reason(MagickException exception)
    {
        var text = exception.Message.ReplaceLineEndings(" ");
        var at = text.IndexOf(" @ ", StringComparison.Ordinal);
        if (at >= 0) text = text[..at];
        var name = text.IndexOf(" `", StringComparison.Ordinal);
        if (name >= 0) text = text[..name];
        text = text.Trim();
        return text.Length > 120 ? text[..120] + "..." : text;
    }

    private static Exception Innermost(Exception exception) => exception.InnerException is { } inner ? Innermost(inner) : exception;
}
