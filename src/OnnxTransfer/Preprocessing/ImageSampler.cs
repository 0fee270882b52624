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
    private readonly DecodeOptions _options;
    private readonly ImagePreprocessor _square;

    internal ImageSampler(IImageDecoder decoder, DecodeOptions options)
    {
        (_decoder, _options) = (decoder, options with { JpegShrink = JpegShrink.Near });
        _square = new ImagePreprocessor(s_square, TensorLayout.Nhwc, decoder, _options);
    }

    /// <summary>All that a thumbnail depends on besides the image, one fact per line.</summary>
    internal string Description => $"thumbnail {ImageSample.Side}x{ImageSample.Side} RGB, means of {Side / ImageSample.Side}x{Side / ImageSample.Side}\ndecoder {_decoder.Name}, shrink {_options.JpegShrink}, levels {_options.Levels}, background ({_options.Background.R}, {_options.Background.G}, {_options.Background.B})";

    /// <summary>The thumbnail of an image; null if it can no longer be read or decoded.</summary>
    /// <param name="image">The image.</param>
    /// <param name="find">A thumbnail that was made before, by the image's content; null for none.</param>
    /// <param name="made">Receives a thumbnail that had to be made.</param>
    /// <param name="cancellationToken">Stops before the image is decoded.</param>
    internal ImageSample? Sample(ImageInput image, Func<byte[], ImageSample?> find, Action<byte[], ImageSample> made, CancellationToken cancellationToken)
    {
        try
        {
            using var opened = _square.Open(image, cancellationToken);
            var key = opened.ContentKey(_decoder);
            if (find(key) is { } known) return known;
            var sample = new ImageSample(Shrink(Pixels(opened, cancellationToken)));
            made(key, sample);
            return sample;
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }

    /// <summary>Reads an image; null if it can no longer be read or decoded.</summary>
    internal SampledImage? Read(ImageInput image, CancellationToken cancellationToken)
    {
        try
        {
            using var opened = _square.Open(image, cancellationToken);
            var rgb = Pixels(opened, cancellationToken);
            var (width, height) = SizeOf(opened);
            return new SampledImage(opened.ContentKey(_decoder), new ImageSample(Shrink(rgb)), ImageStatistics.Of(rgb, Side, width, height));
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }

    private byte[] Pixels(in OpenedImage image, CancellationToken cancellationToken)
    {
        var values = new float[3 * Side * Side];
        _square.Prepare(image, values, cancellationToken: cancellationToken);
        return Array.ConvertAll(values, value => (byte)value);
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
