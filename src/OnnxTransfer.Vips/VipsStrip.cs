using System.Runtime.InteropServices;
using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>
/// Rows of an image in memory of libvips, which is freed by <see cref="Dispose"/>. <see cref="Region.Fetch"/> of NetVips copies the rows
/// into a new array, which is a tenth slower on large images, so this type calls the native function directly. It contains the only import
/// and the only unsafe code of this assembly.
/// </summary>
internal readonly unsafe ref struct VipsStrip : IDisposable
{
    /// <summary>
    /// <c>VipsPel *vips_region_fetch(VipsRegion *region, int left, int top, int width, int height, size_t *length)</c>. It computes an area
    /// on the calling thread and returns zero if that fails.
    /// </summary>
    private static readonly delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*> s_fetch =
        (delegate* unmanaged[Cdecl]<nint, int, int, int, int, nuint*, byte*>)NativeLibrary.GetExport(Library(), "vips_region_fetch");

    private readonly byte* _pixels;
    private readonly int _length;

    private VipsStrip(byte* pixels, int length)
    {
        _pixels = pixels;
        _length = length;
    }

    /// <summary>The rows without padding. They may be changed and are valid until <see cref="Dispose"/>.</summary>
    internal Span<byte> Bytes => new(_pixels, _length);

    /// <summary>Computes rows.</summary>
    /// <param name="region">A region of the image.</param>
    /// <param name="top">The first row.</param>
    /// <param name="width">Pixels per row; the whole row is fetched.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="pixelBytes">Bytes per pixel.</param>
    /// <exception cref="VipsException">libvips could not compute the rows, or returned an unexpected number of bytes.</exception>
    internal static VipsStrip Fetch(Region region, int top, int width, int rows, int pixelBytes)
    {
        var isHeld = false;
        try
        {
            region.DangerousAddRef(ref isHeld);
            nuint length;
            var pixels = s_fetch(region.DangerousGetHandle(), 0, top, width, rows, &length);
            if (pixels is null) throw new VipsException("unable to fetch from region");
            var expected = (long)width * rows * pixelBytes;
            if ((ulong)length == (ulong)expected) return new VipsStrip(pixels, (int)expected);

            NetVips.NetVips.Free((nint)pixels);
            throw new VipsException($"{expected} bytes were expected, but {length} were fetched");
        }
        finally
        {
            if (isHeld) region.DangerousRelease();
        }
    }

    public void Dispose() => NetVips.NetVips.Free((nint)_pixels);

    /// <summary>Opens the library file that NetVips has already loaded, by its name on this platform.</summary>
    private static nint Library() => NativeLibrary.Load(
        OperatingSystem.IsWindows() ? "libvips-42.dll" : OperatingSystem.IsMacOS() ? "libvips.42.dylib" : "libvips.so.42", typeof(Region).Assembly, null);
}
