using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Embedding;
using OnnxTransfer.Explaining;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx.Inspection;
using OnnxTransfer.Onnx.Shapes;

namespace OnnxTransfer;

/// <content>Pictures of what is inside the network: its first filters, what its layers make of an image, what excites a unit.</content>
public sealed partial class FeatureExtractor
{
    /// <summary>
    /// The largest patch, as a share of the image's side. What a deep unit can see is often the whole image; what moves it is
    /// a small part of that (Luo et al., "Understanding the Effective Receptive Field", 2016).
    /// </summary>
    private const double LargestPatch = 0.5;

    /// <summary>Draws the filters of the first convolution in colors: gray is a weight of zero, brighter is a positive weight.</summary>
    /// <param name="path">The PNG file to write, whole or not at all.</param>
    /// <exception cref="InvalidDataException">The network has no convolution of three channels whose weights are floating-point constants.</exception>
    public void DrawFilters(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ThrowIfDisposed();
        using var grid = LayerPictures.Filters(OnnxFilters.First(Backbone.Model), Card.Preprocess.Bgr);
        AtomicFile.Write(path, ImageEncoder.Png(grid.Picture));
    }

    /// <summary>
    /// Draws the output of a layer for an image: one picture for each channel, from its least value (dark) to its greatest (pale).
    /// </summary>
    /// <param name="layer">The name of an inner tensor with height and width.</param>
    /// <param name="image">A path, or an <see cref="ImageInput"/> of bytes, a stream or pixels.</param>
    /// <param name="path">The PNG file to write, whole or not at all.</param>
    /// <exception cref="ArgumentException">There is no such layer, or it has no height and width.</exception>
    /// <exception cref="ImageDecodeException">The image cannot be read or decoded.</exception>
    public void DrawFeatureMaps(string layer, ImageInput image, string path)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var map = FindMap(layer);
        using var maps = OpenMap(map);
        using var grid = LayerPictures.FeatureMaps(maps.Embed(image), map);
        AtomicFile.Write(path, ImageEncoder.Png(grid.Picture));
    }

    /// <summary>
    /// Draws the image patches that activate one unit of a layer most, the strongest first: one patch for each image, at most 25. A
    /// patch is the area that the unit can see, but at most half the image's side.
    /// </summary>
    /// <param name="layer">The name of an inner tensor with height and width.</param>
    /// <param name="unit">The channel, from 0.</param>
    /// <param name="images">The images to search; <see cref="ImageInput.FromFiles"/> makes them of paths.</param>
    /// <param name="path">The PNG file to write, whole or not at all.</param>
    /// <param name="cancellationToken">Stops between two images, and before the file gets its name.</param>
    /// <returns>The images that could not be used, with reasons.</returns>
    /// <exception cref="ArgumentException">There is no such layer or unit, or the layer has no height and width.</exception>
    /// <exception cref="DatasetException">None of the images could be used.</exception>
    public IReadOnlyList<SkippedImage> DrawPatches(
        string layer, int unit, IReadOnlyList<ImageInput> images, string path, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var map = FindMap(layer);
        if (unit < 0 || unit >= map.Channels) Throw.NoSuchUnit(unit, layer, map.Channels);
        using var maps = OpenMap(map);
        var (places, skipped) = Search(maps, map, unit, images, cancellationToken);
        if (places.Count == 0) Throw.NoImageForPatches(images.Count, skipped.Count > 0 ? skipped[0].Reason : "none was given.");

        var input = Card.Input;
        var field = OnnxReceptiveField.Of(Backbone.Model, Backbones.Backbone.ImageOf(Backbone.Model, input), map.Tensor);
        var share = Math.Min(LargestPatch, (double)(field ?? input.Width) / Math.Max(input.Width, input.Height));
        using var grid = PatchPicture.Draw(places, share, Card.Preprocess, Read);
        AtomicFile.Write(path, ImageEncoder.Png(grid.Picture), cancellationToken: cancellationToken);
        return skipped;
    }

    private PixelBuffer Read(ImageInput image) => image.ToPixels(Network.Options.Decoder, Network.Options.Decode);

    /// <summary>The most exciting place of each image, the most exciting images first.</summary>
    private (IReadOnlyList<ExcitingPlace> Places, IReadOnlyList<SkippedImage> Skipped) Search(
        ImageNetwork maps, OnnxSpatialMap map, int unit, IReadOnlyList<ImageInput> images, CancellationToken cancellationToken)
    {
        var (places, skipped) = (new List<ExcitingPlace>(), new List<SkippedImage>());
        foreach (var image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThrowIfDisposed();
            try
            {
                var (value, y, x) = LayerPictures.Greatest(maps.Embed(image), map, unit);
                places.Add(new ExcitingPlace(image, value, (y + 0.5) / map.Height, (x + 0.5) / map.Width));
            }
            catch (ImageDecodeException exception)
            {
                skipped.Add(new SkippedImage(image.Id, exception.Reason) { TimedOut = exception.TimedOut });
            }
        }

        return ([.. places.OrderByDescending(place => place.Value).Take(PatchPicture.Most)], skipped);
    }

    private ImageNetwork OpenMap(OnnxSpatialMap map) => Network.OpenAt(map.Tensor, map.Length, typeof(FeatureExtractor));

    private OnnxSpatialMap FindMap(string layer)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(layer);
        ThrowIfDisposed();
        var model = Backbone.Model;
        var layers = OnnxSummary.Of(model, Backbones.Backbone.ImageOf(model, Card.Input)).Layers;
        var found = layers.FirstOrDefault(one => one.Value.Name == layer);
        if (found is null) Throw.OnnxTensorUnknown(model.Source, layer, layers.Where(one => one.IsSpatial).Select(one => one.Value.Name));
        return OnnxSpatialMap.Of(found) ?? throw Throw.LayerHasNoPlaces(layer, found.Value.ShapeText);
    }
}
