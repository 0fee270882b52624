using OnnxTransfer.Data;
using OnnxTransfer.Decoding;

namespace OnnxTransfer.Preprocessing;

/// <summary>What one reading of an image tells about it.</summary>
/// <param name="ContentKey">32 bytes that are the same for the same content: of encoded bytes, or of pixels.</param>
/// <param name="Sample">The thumbnail.</param>
/// <param name="Statistics">The quality.</param>
internal sealed record SampledImage(byte[] ContentKey, ImageSample Sample, ImageStatistics Statistics);

/// <summary>Reads images once more for what their feature vectors do not tell. A large photo is not decoded in full for it. Thread-safe.</summary>
internal sealed class ImageSampler
{
    /// <summary>Pixels of the side; the thumbnail's are means of 4x4 of them.</summary>
    internal const int Side = 4 * ImageSample.Side;

    private static readonly PreprocessSpec s_square = new() { Filter = ResizeFilter.PillowBilinear, Resize = Resize.Stretch(Side, Side), Rescale = 1 };

    private readonly IImageDecoder _decoder;
    private readonly ImagePreprocessor _square;

    internal ImageSampler(IImageDecoder decoder, DecodeOptions options)
    {
        _decoder = decoder;
        _square = new ImagePreprocessor(s_square, TensorLayout.Nhwc, decoder, options with { JpegShrink = JpegShrink.Near });
    }

    /// <summary>Reads an image; null if it can no longer be read or decoded.</summary>
    internal SampledImage? Read(ImageInput image, CancellationToken cancellationToken)
    {
        try
        {
            using var opened = _square.Open(image, cancellationToken);
            var values = new float[3 * Side * Side];
            _square.Prepare(opened, values, cancellationToken: cancellationToken);
            var rgb = Array.ConvertAll(values, value => (byte)value);
            var (width, height) = SizeOf(opened);
            return new SampledImage(opened.ContentKey(_decoder), new ImageSample(Shrink(rgb)), ImageStatistics.Of(rgb, Side, width, height));
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }

    private static (int Width, int Height) SizeOf(in OpenedImage image)
    {
        if (image.Pixels is { } pixels) return (pixels.Width, pixels.Height);
        var header = ImageHeader.Read(image.Encoded, ImageFormats.Detect(image.Encoded));
        return header.Pixels > 0 && header is { Width: <= int.MaxValue, Height: <= int.MaxValue } ? ((int)header.Width, (int)header.Height) : (0, 0);
    }

    private static byte[] Shrink(byte[] rgb)
    {
        const int side = ImageSample.Side, step = Side / side;
        var small = new byte[3 * side * side];
        for (var i = 0; i < small.Length; i++)
        {
            var (y, x, channel) = (i / (3 * side) * step, i / 3 % side * step, i % 3);
            var sum = 0;
            for (var dy = 0; dy < step; dy++)
            {
                for (var dx = 0; dx < step; dx++) sum += rgb[(3 * (((y + dy) * Side) + x + dx)) + channel];
            }

            small[i] = (byte)((sum + (step * step / 2)) / (step * step));
        }

        return small;
    }
}
