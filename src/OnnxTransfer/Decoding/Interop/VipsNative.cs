using System.Runtime.InteropServices;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>
/// The part of libvips' and GObject's C API that decoding and encoding use. None of these functions is variadic, so one calling
/// convention serves every platform. Strings are pointers to UTF-8 literals, which end in a zero byte.
/// </summary>
internal static unsafe partial class VipsNative
{
    /// <summary>The name <see cref="VipsLibrary"/> resolves to the file of the platform.</summary>
    internal const string Library = "libvips";

    [LibraryImport(Library)]
    internal static partial int vips_init(byte* programName);

    [LibraryImport(Library)]
    internal static partial int vips_version(int part);

    [LibraryImport(Library)]
    internal static partial void vips_cache_set_max(int operations);

    [LibraryImport(Library)]
    internal static partial void vips_concurrency_set(int threads);

    /// <summary>A copy of the error text, which is cleared; freed with <see cref="g_free"/>.</summary>
    [LibraryImport(Library)]
    internal static partial byte* vips_error_buffer_copy();

    [LibraryImport(Library)]
    internal static partial void vips_error_clear();

    [LibraryImport(Library)]
    internal static partial nint vips_source_new_from_memory(byte* data, nuint length);

    [LibraryImport(Library)]
    internal static partial nuint vips_source_get_type();

    /// <summary>An image of pixels that lie row by row; they are copied.</summary>
    [LibraryImport(Library)]
    internal static partial nint vips_image_new_from_memory_copy(byte* data, nuint size, int width, int height, int bands, VipsFormat format);

    [LibraryImport(Library)]
    internal static partial nint vips_operation_new(byte* nickname);

    [LibraryImport(Library)]
    internal static partial int vips_object_set_argument_from_string(nint instance, byte* name, byte* value);

    /// <summary>Builds the operation without a look into libvips' cache, which costs more than it could save here.</summary>
    [LibraryImport(Library)]
    internal static partial int vips_object_build(nint instance);

    [LibraryImport(Library)]
    internal static partial void vips_object_unref_outputs(nint instance);

    [LibraryImport(Library)]
    internal static partial nuint vips_image_get_type();

    [LibraryImport(Library)]
    internal static partial int vips_image_get_width(nint image);

    [LibraryImport(Library)]
    internal static partial int vips_image_get_height(nint image);

    [LibraryImport(Library)]
    internal static partial int vips_image_get_bands(nint image);

    [LibraryImport(Library)]
    internal static partial VipsFormat vips_image_get_format(nint image);

    [LibraryImport(Library)]
    internal static partial VipsInterpretation vips_image_get_interpretation(nint image);

    [LibraryImport(Library)]
    internal static partial int vips_image_get_orientation(nint image);

    /// <summary>Frames or pages of the file.</summary>
    [LibraryImport(Library)]
    internal static partial int vips_image_get_n_pages(nint image);

    /// <summary>The GType of a header field; zero when the image has no such field.</summary>
    [LibraryImport(Library)]
    internal static partial nuint vips_image_get_typeof(nint image, byte* name);

    /// <summary>A binary header field, which stays the image's.</summary>
    [LibraryImport(Library)]
    internal static partial int vips_image_get_blob(nint image, byte* name, void** data, nuint* length);

    [LibraryImport(Library)]
    internal static partial nuint vips_blob_get_type();

    /// <summary>The bytes of a blob, which stay the value's.</summary>
    [LibraryImport(Library)]
    internal static partial byte* vips_value_get_blob(GValue* value, nuint* length);

    [LibraryImport(Library)]
    internal static partial nint vips_region_new(nint image);

    /// <summary>Computes an area on the calling thread and copies it out; freed with <see cref="g_free"/>.</summary>
    [LibraryImport(Library)]
    internal static partial byte* vips_region_fetch(nint region, int left, int top, int width, int height, nuint* length);

    [LibraryImport(Library)]
    internal static partial void g_free(void* memory);

    [LibraryImport(Library)]
    internal static partial void g_object_unref(nint instance);

    [LibraryImport(Library)]
    internal static partial void g_object_set_property(nint instance, byte* name, GValue* value);

    [LibraryImport(Library)]
    internal static partial void g_object_get_property(nint instance, byte* name, GValue* value);

    [LibraryImport(Library)]
    internal static partial GValue* g_value_init(GValue* value, nuint type);

    [LibraryImport(Library)]
    internal static partial void g_value_set_object(GValue* value, nint instance);

    /// <summary>The object with a reference of its own.</summary>
    [LibraryImport(Library)]
    internal static partial nint g_value_dup_object(GValue* value);

    [LibraryImport(Library)]
    internal static partial void g_value_unset(GValue* value);

    [LibraryImport(Library)]
    internal static partial uint g_log_set_handler(
        byte* domain, int levels, delegate* unmanaged[Cdecl]<byte*, int, byte*, void*, void> handler, void* data);

    [LibraryImport(Library)]
    internal static partial void g_log_default_handler(byte* domain, int level, byte* message, void* data);
}

/// <summary>GObject's variant: a type and sixteen bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct GValue
{
    private readonly nuint _type;
    private readonly ulong _data0;
    private readonly ulong _data1;
}

/// <summary>The band formats (<c>VipsBandFormat</c>) that matter here.</summary>
internal enum VipsFormat
{
    UChar = 0,
    UShort = 2,
}

/// <summary>The colour spaces (<c>VipsInterpretation</c>) that matter here.</summary>
internal enum VipsInterpretation
{
    BlackWhite = 1,
    Cmyk = 15,
    Srgb = 22,
}
