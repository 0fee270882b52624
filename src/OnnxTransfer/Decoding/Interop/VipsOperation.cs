using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>One libvips operation: made, given its arguments, built once, released on dispose.</summary>
internal unsafe ref struct VipsOperation
{
    private nint _operation;

    private VipsOperation(nint operation) => _operation = operation;

    /// <summary>False when this libvips has no operation of that name.</summary>
    internal readonly bool Exists => _operation != 0;

    internal static VipsOperation New(ReadOnlySpan<byte> nickname) => new(VipsNative.vips_operation_new(Literal(nickname)));

    /// <summary>Sets an argument that libvips parses from text: numbers, booleans, enumerations by nickname.</summary>
    internal readonly void Set(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        _ = VipsNative.vips_object_set_argument_from_string(_operation, Literal(name), Literal(value));

    /// <summary>Sets an argument that is an object; the operation takes a reference of its own.</summary>
    internal readonly void Set(ReadOnlySpan<byte> name, nuint type, nint instance)
    {
        GValue value = default;
        VipsNative.g_value_init(&value, type);
        VipsNative.g_value_set_object(&value, instance);
        VipsNative.g_object_set_property(_operation, Literal(name), &value);
        VipsNative.g_value_unset(&value);
    }

    /// <summary>Builds the operation: its output image with a reference for the caller, or zero when it failed.</summary>
    internal readonly nint BuildImage()
    {
        if (VipsNative.vips_object_build(_operation) != 0) return 0;

        GValue value = default;
        VipsNative.g_value_init(&value, VipsNative.vips_image_get_type());
        VipsNative.g_object_get_property(_operation, Literal("out"u8), &value);
        var image = VipsNative.g_value_dup_object(&value);
        VipsNative.g_value_unset(&value);
        return image;
    }

    /// <summary>Builds the operation: a copy of the bytes it wrote, or null when it failed.</summary>
    internal readonly byte[]? BuildBytes()
    {
        if (VipsNative.vips_object_build(_operation) != 0) return null;

        GValue value = default;
        VipsNative.g_value_init(&value, VipsNative.vips_blob_get_type());
        VipsNative.g_object_get_property(_operation, Literal("buffer"u8), &value);
        nuint length;
        var data = VipsNative.vips_value_get_blob(&value, &length);
        var bytes = new ReadOnlySpan<byte>(data, (int)length).ToArray();
        VipsNative.g_value_unset(&value);
        return bytes;
    }

    public void Dispose()
    {
        if (_operation == 0) return;
        VipsNative.vips_object_unref_outputs(_operation);
        VipsNative.g_object_unref(_operation);
        _operation = 0;
    }

    /// <summary>The address of a UTF-8 literal: constant data that never moves and ends in a zero byte.</summary>
    internal static byte* Literal(ReadOnlySpan<byte> text) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text));
}
