using OnnxTransfer.Decoding;
using OnnxTransfer.Embedding;
using OnnxTransfer.Explaining;
using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>A class activation map: where in an image a classifier sees a class. It takes one run of the network.</summary>
/// <example>
/// <code>
/// classifier.Explain("cat.jpg").Save("overlay.png");
/// </code>
/// </example>
public sealed class Explanation
{
    /// <summary>The longer side of the picture that <see cref="Save"/> writes, at most.</summary>
    private const int LongestSide = 1280;

    private const int JpegQuality = 90;

    private readonly ImageInput _image;
    private readonly float[] _map;
    private readonly ImageNetwork _network;

    internal Explanation(ImageInput image, ClassProbability seen, float[] map, int height, int width, ImageNetwork network)
    {
        _image = image;
        _map = map;
        (Label, Index, Probability) = (seen.Label, seen.Index, seen.Probability);
        (Height, Width) = (height, width);
        _network = network;
    }

    /// <summary>The class.</summary>
    public string Label { get; }

    /// <summary>The class's position among the classifier's labels.</summary>
    public int Index { get; }

    /// <summary>The probability of the class in the whole image, 0 to 1.</summary>
    public float Probability { get; }

    /// <summary>H, the rows of the map: 7 for most networks on 224 pixels.</summary>
    public int Height { get; }

    /// <summary>W, the columns of the map.</summary>
    public int Width { get; }

    /// <summary>
    /// <c>[H,W]</c> row-major: the contribution of each place of the network's input to the class's score, in units of the logit. For a
    /// softmax head, the score is the logit minus the mean of all logits; this subtraction does not change the probabilities. The score
    /// is the mean of the map plus the bias. A place with a value above zero supports the class; a value below zero opposes it.
    /// </summary>
    public IReadOnlyList<float> Map => _map;

    /// <summary>
    /// Writes the image with the map over it, as PNG, or as JPEG if the name ends in <c>.jpg</c>; whole or not at all. Places that
    /// support the class are colored from dark red to pale yellow; the rest of the image is gray. A strip below the image shows the class, its
    /// probability and the scale of the colors, the words if the system has a font for them.
    /// </summary>
    /// <param name="path">The file to write; an existing one is replaced.</param>
    /// <exception cref="ImageDecodeException">The image, which is read again, no longer exists or has changed.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var photo = Photo(LongestSide);
        using var overlay = Overlay(photo);
        var isJpeg = Path.GetExtension(path).ToLowerInvariant() is ".jpg" or ".jpeg";
        using var picture = HeatCaption.Under(overlay, Label, Probability);
        AtomicFile.Write(path, isJpeg ? ImageEncoder.Jpeg(picture, JpegQuality) : ImageEncoder.Png(picture));
    }

    /// <summary>The photo and its overlay for a page.</summary>
    internal (string Photo, string Overlay) ToData(int longestSide)
    {
        using var photo = Photo(longestSide);
        using var overlay = Overlay(photo);
        return (Thumbnails.Jpeg(photo), Thumbnails.Jpeg(overlay));
    }

    private PixelBuffer Photo(int longestSide) => Photos.AtMost(_image.ToPixels(_network.Options.Decoder, _network.Options.Decode), longestSide);

    private PixelBuffer Overlay(PixelBuffer photo) => HeatPicture.Draw(photo, _map, Height, Width, ImageWindow.Of(_network.Card.Preprocess, photo.Width, photo.Height));
}
