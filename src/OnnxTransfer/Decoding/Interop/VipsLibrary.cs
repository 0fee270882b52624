using System.Reflection;
using System.Runtime.InteropServices;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>Finds and starts libvips once in a process.</summary>
internal static unsafe class VipsLibrary
{
    private static readonly Lazy<string> s_version = new(Start);

    /// <summary>The version, for example <c>8.18.7</c>; reading it starts the library.</summary>
    /// <exception cref="DllNotFoundException">There is no libvips.</exception>
    internal static string Version => s_version.Value;

    private static string Start()
    {
        NativeLibrary.SetDllImportResolver(typeof(VipsLibrary).Assembly, Resolve);
        if (VipsNative.vips_init(VipsOperation.Literal("onnxtransfer"u8)) != 0) Throw.VipsNotStarted(VipsErrors.TakeText());

        // One image is decoded on the thread that asks for it, and never twice: a cache and workers would only cost.
        VipsNative.vips_cache_set_max(0);
        VipsNative.vips_concurrency_set(1);
        VipsErrors.ListenToWarnings();
        return $"{VipsNative.vips_version(0)}.{VipsNative.vips_version(1)}.{VipsNative.vips_version(2)}";
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search)
    {
        if (name != VipsNative.Library) return 0;
        var file = OperatingSystem.IsWindows() ? "libvips-42.dll" : OperatingSystem.IsMacOS() ? "libvips.42.dylib" : "libvips.so.42";
        if (!NativeLibrary.TryLoad(file, assembly, search, out var handle)) Throw.VipsNotFound(file);
        return handle;
    }
}
