using System.Globalization;
using System.Text;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>Pixels to the bytes of an image file through libvips.</summary>
internal static unsafe class VipsEncoder
{
    internal static byte[] Jpeg(PixelBuffer pixels, int quality) =>
        Encode(pixels, "JPEG", "jpegsave_buffer"u8, "Q"u8, Encoding.UTF8.GetBytes(quality.ToString(CultureInfo.InvariantCulture) + '\0'));

    internal static byte[] Png(PixelBuffer pixels) => Encode(pixels, "PNG", "pngsave_buffer"u8, "compression"u8, "6"u8);

    /// <param name="pixels">The picture.</param>
    /// <param name="format">What to call the format in a message.</param>
    /// <param name="nickname">The operation.</param>
    /// <param name="option">Its only option.</param>
    /// <param name="value">The option's value, ending in a zero byte.</param>
    private static byte[] Encode(PixelBuffer pixels, string format, ReadOnlySpan<byte> nickname, ReadOnlySpan<byte> option, ReadOnlySpan<byte> value)
    {
        _ = VipsLibrary.Version;
        VipsErrors.Gate.EnterReadLock();
        try
        {
            var bytes = pixels.Pixels;
            nint image;
            fixed (byte* data = bytes)
                image = VipsNative.vips_image_new_from_memory_copy(data, (nuint)bytes.Length, pixels.Width, pixels.Height, 3, VipsFormat.UChar);
            try
            {
                using var save = VipsOperation.New(nickname);
                byte[]? encoded = null;
                fixed (byte* text = value)
                {
                    if (image != 0 && save.Exists)
                    {
                        save.Set("in"u8, VipsNative.vips_image_get_type(), image);
                        save.Set(option, new ReadOnlySpan<byte>(text, value.Length));
                        encoded = save.BuildBytes();
                    }
                }

                if (encoded is null) Throw.ImageNotEncoded(format, pixels.Width, pixels.Height, VipsErrors.TakeText());
                return encoded;
            }
            finally
            {
                if (image != 0) VipsNative.g_object_unref(image);
            }
        }
        finally
        {
            VipsErrors.Gate.ExitReadLock();
        }
    }
}
