using OnnxTransfer.Decoding;

namespace OnnxTransfer.TestSupport;

/// <summary>A file as the library reads and decodes it, for tests that look at pixels.</summary>
internal static class DecodedFile
{
    /// <summary>Reads and decodes one file.</summary>
    /// <exception cref="ImageDecodeException">The file is missing, unreadable, too large or not a sound image; the exception names it.</exception>
    internal static PixelBuffer DecodeFile(this IImageDecoder decoder, string path, DecodeOptions? options = null)
    {
        using var file = EncodedImage.Read(path, options ?? DecodeOptions.Default);
        try
        {
            return decoder.Decode(file.Bytes, options);
        }
        catch (ImageDecodeException exception)
        {
            throw new ImageDecodeException(path, exception.Reason, exception);
        }
    }
}
