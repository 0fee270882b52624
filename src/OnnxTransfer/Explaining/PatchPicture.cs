namespace OnnxTransfer.Explaining;

/// <summary>A place of an image and how much it excites a unit.</summary>
/// <param name="Image">The image.</param>
/// <param name="Value">The unit's activation.</param>
/// <param name="V">The place's center, as a share of the height that the network sees.</param>
/// <param name="U">The same of the width.</param>
internal sealed record ExcitingPlace(ImageInput Image, float Value, double V, double U);

/// <summary>Cuts the places that excite a unit most out of their photos.</summary>
internal static class PatchPicture
{
    internal const int Most = 25;

    private const int Columns = 5;
    private const int Side = 192;

    /// <summary>Draws patches, the most exciting first.</summary>
    /// <param name="places">At most <see cref="Most"/>.</param>
    /// <param name="share">The patch's side, as a share of the side that the network sees.</param>
    /// <param name="preprocess">What the network sees of a photo.</param>
    /// <param name="read">Reads a photo; the result is disposed here.</param>
    internal static PictureGrid Draw(IReadOnlyList<ExcitingPlace> places, double share, PreprocessSpec preprocess, Func<ImageInput, PixelBuffer> read)
    {
        var grid = new PictureGrid(places.Count, Math.Min(Columns, places.Count), Side, Side);
        for (var i = 0; i < places.Count; i++)
        {
            using var photo = read(places[i].Image);
            using var patch = Cut(photo, places[i], share, ImageWindow.Of(preprocess, photo.Width, photo.Height));
            using var cell = Photos.Resized(patch, Side, Side);
            grid.Put(i, cell);
        }

        return grid;
    }

    /// <summary>The patch around a place, moved inward where it would stick out of the photo.</summary>
    private static PixelBuffer Cut(PixelBuffer photo, ExcitingPlace place, double share, ImageWindow window)
    {
        var width = Math.Clamp((int)Math.Round(share * window.Width * photo.Width), 1, photo.Width);
        var height = Math.Clamp((int)Math.Round(share * window.Height * photo.Height), 1, photo.Height);
        var left = Start(window.Left + (place.U * window.Width), width, photo.Width);
        var top = Start(window.Top + (place.V * window.Height), height, photo.Height);
        var patch = PixelBuffer.Rent(width, height);
        for (var y = 0; y < height; y++)
            photo.Pixels.Slice(3 * (((top + y) * photo.Width) + left), 3 * width).CopyTo(patch.Pixels[(3 * y * width)..]);
        return patch;
    }

    private static int Start(double center, int length, int whole) => Math.Clamp((int)Math.Round((center * whole) - (length / 2.0)), 0, whole - length);
}
