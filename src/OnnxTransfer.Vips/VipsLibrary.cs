using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>Loads libvips once in a process and sets it up.</summary>
internal static class VipsLibrary
{
    /// <summary>
    /// The loaders of common image formats. The others (SVG, raw camera files, CSV and more) would only give hostile files more to attack.
    /// </summary>
    private static readonly string[] s_loaders = ["Jpeg", "Png", "Webp", "Tiff", "Nsgif", "Heif"];

    private static readonly Lazy<string> s_version = new(SetUp);

    /// <summary>The version, for example <c>8.18.7</c>. Reading it loads the library.</summary>
    /// <exception cref="DllNotFoundException">libvips cannot be loaded.</exception>
    internal static string Version => s_version.Value;

    /// <inheritdoc cref="Version"/>
    internal static void Start() => _ = s_version.Value;

    private static string SetUp()
    {
        // NetVips loads libvips when its assembly is first used, and stores an error for later.
        if (!ModuleInitializer.VipsInitialized) throw VipsErrors.NotLoaded(ModuleInitializer.Exception);

        // Each image is decoded once, on the calling thread, so a cache and worker threads would only cost memory and time.
        Cache.Max = 0;
        NetVips.NetVips.Concurrency = 1;
        Operation.Block("VipsForeignLoad", true);
        foreach (var loader in s_loaders) Operation.Block("VipsForeignLoad" + loader, false);
        VipsLog.Listen();
        return $"{NetVips.NetVips.Version(0)}.{NetVips.NetVips.Version(1)}.{NetVips.NetVips.Version(2)}";
    }
}
