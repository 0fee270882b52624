using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Explaining;

/// <summary>Photos brought to the size of a picture.</summary>
internal static class Photos
{
    /// <summary>Makes a photo as much smaller as it takes; one that is small enough comes as it is.</summary>
    /// <param name="photo">Any photo; disposed where a smaller one takes its place.</param>
    /// <param name="longest">The most pixels of the longer side.</param>
    internal static PixelBuffer AtMost(PixelBuffer photo, int longest)
    {
        var factor = (double)longest / Math.Max(photo.Width, photo.Height);
        if (factor >= 1) return photo;
        using (photo) return Resized(photo, Math.Max(1, (int)Math.Round(photo.Width * factor)), Math.Max(1, (int)Math.Round(photo.Height * factor)));
    }

    /// <summary>A copy of any size, antialiased.</summary>
    internal static PixelBuffer Resized(PixelBuffer photo, int width, int height)
    {
        var resized = PixelBuffer.Rent(width, height);
        Resampler.Resize(
            photo.Pixels, ResizeGeometry.Stretch(photo.Width, photo.Height, width, height), ResizeFilter.PillowBilinear, resized.Pixels, new RowResampler(VectorKernels.IsSupported));
        return resized;
    }
}
