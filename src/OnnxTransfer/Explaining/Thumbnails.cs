using OnnxTransfer.Decoding;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Explaining;

/// <summary>Small pictures of images, as <c>data:</c> addresses that a page carries in itself.</summary>
internal sealed class Thumbnails(IImageDecoder decoder, DecodeOptions options)
{
    /// <summary>Twice the size it is shown at, for screens with more than one dot to a pixel.</summary>
    private const int Side = 264;

    /// <summary>So that a hundred of them stay far below five megabytes, in base64 too.</summary>
    private const int MostBytes = 20_000;

    private static readonly int[] s_qualities = [82, 70, 55, 40, 25, 10];

    private static readonly PreprocessSpec s_square = new() { Filter = ResizeFilter.PillowBilinear, Resize = Resize.ShortestEdge(Side, Side), Rescale = 1 };

    // A large photograph is not decoded in full for a small picture.
    private readonly ImagePreprocessor _square = new(s_square, TensorLayout.Nhwc, decoder, options with { JpegShrink = JpegShrink.Near });

    /// <summary>The square in the middle of an image; null for one that is gone or no image any more.</summary>
    internal string? Square(ImageInput image)
    {
        var values = new float[3 * Side * Side];
        try
        {
            _square.Prepare(image, values);
        }
        catch (ImageDecodeException)
        {
            // The page says so in the picture's place.
            return null;
        }

        using var pixels = PixelBuffer.Rent(Side, Side);
        for (var i = 0; i < values.Length; i++) pixels.Pixels[i] = (byte)values[i];
        return Jpeg(pixels);
    }

    /// <summary>The squares of many images; made on all cores.</summary>
    internal IReadOnlyDictionary<ImageInput, string?> Squares(IEnumerable<ImageInput> images) =>
        images.Distinct().AsParallel().Select(image => (image, Data: Square(image))).ToDictionary(one => one.image, one => one.Data);

    /// <summary>A picture as the address of a JPEG file that is not larger than a page can bear.</summary>
    internal static string Jpeg(PixelBuffer pixels)
    {
        byte[] encoded = [];
        foreach (var quality in s_qualities)
        {
            encoded = ImageEncoder.Jpeg(pixels, quality);
            if (encoded.Length <= MostBytes) break;
        }

        return "data:image/jpeg;base64," + Convert.ToBase64String(encoded);
    }
}
