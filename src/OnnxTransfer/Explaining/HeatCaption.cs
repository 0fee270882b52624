using System.Globalization;

namespace OnnxTransfer.Explaining;

/// <summary>An overlay with a strip below it: the class, its probability and the scale of the colors.</summary>
internal static class HeatCaption
{
    private const byte Paper = 255;
    private const byte Ink = 32;

    /// <summary>The picture with its strip, which the caller disposes.</summary>
    internal static PixelBuffer Under(PixelBuffer overlay, string label, float probability)
    {
        var size = Math.Clamp(overlay.Width / 34, 11, 24);
        var height = 2 * size;
        var picture = PixelBuffer.Rent(overlay.Width, overlay.Height + height);
        overlay.Pixels.CopyTo(picture.Pixels);
        picture.Pixels[overlay.Pixels.Length..].Fill(Paper);
        var baseline = overlay.Height + height - (int)(0.65 * size);
        var right = overlay.Width - (size / 2);
        // A picture that is hardly wider than the words has the scale alone.
        var hasRoom = overlay.Width >= 20 * size;
        if (hasRoom) right -= Write("much", right) + (size / 2);
        var scale = Math.Clamp(overlay.Width / 4, 1, 8 * size);
        right = Math.Max(0, right - scale);
        DrawScale(picture, right, overlay.Height + (height / 4), scale, height / 2);
        if (hasRoom) right -= Write("little", right - (size / 2)) + size;
        // The whole name, or as much of it as there is room for.
        var percent = probability.ToString("P1", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);
        for (var length = label.Length; length > 0; length--)
        {
            var text = length == label.Length ? $"{label}  {percent}" : $"{label[..length]}…  {percent}";
            if (PictureText.Width(text, size) > right - (size / 2)) continue;
            PictureText.Write(picture, size / 2, baseline, text, size, Ink);
            break;
        }

        return picture;

        int Write(string text, int end)
        {
            var width = PictureText.Width(text, size);
            PictureText.Write(picture, end - width, baseline, text, size, Ink);
            return width;
        }
    }

    private static void DrawScale(PixelBuffer picture, int left, int top, int width, int height)
    {
        using var scale = HeatPicture.Scale(width);
        for (var y = top; y < top + height; y++) scale.Pixels.CopyTo(picture.Pixels[(3 * ((y * picture.Width) + left))..]);
    }
}
