namespace OnnxTransfer.Benchmarks;

/// <summary>
/// The photographs that are measured: every third of the flower photographs (320 to 500 pixels) in the folder <c>shared</c>
/// beside the checkout or named by ONNXTRANSFER_SHARED, and those that <c>peers/make_large.py</c> writes. Where there are none,
/// made-up ones stand in: figures of real photographs are those to quote.
/// </summary>
internal static class Photos
{
    /// <summary>How many a benchmark takes for one operation; results are divided by it.</summary>
    public const int SmallCount = 100;

    /// <inheritdoc cref="SmallCount"/>
    public const int LargeCount = 12;

    /// <inheritdoc cref="SmallCount"/>
    public const int HugeCount = 4;

    public static byte[][] Small() => Read(SmallPaths());

    /// <summary>The same as files.</summary>
    public static IReadOnlyList<string> SmallPaths() => List(Flowers(), SmallCount, 3);

    /// <summary>The folder of all of them, one sub-folder per class.</summary>
    public static string Flowers()
    {
        var real = Path.Combine(Shared(), "data", "flowers");
        return Directory.Exists(real) ? real : MadePhotos.Ensure("flowers", classes: 5, count: 60, width: 500, height: 375);
    }

    /// <summary>1600x1200 pixels.</summary>
    public static byte[][] Large() => Read(LargePaths());

    /// <summary>The same as files.</summary>
    public static IReadOnlyList<string> LargePaths() => Written("large", LargeCount, 1600, 1200);

    /// <summary>4000x3000 pixels, as files.</summary>
    public static IReadOnlyList<string> HugePaths() => Written("huge", HugeCount, 4000, 3000);

    /// <summary>Those of the script, in its folder of that name.</summary>
    private static string[] Written(string name, int count, int width, int height)
    {
        var folder = Path.Combine(Environment.GetEnvironmentVariable("ONNXTRANSFER_LARGE_PHOTOS") ?? Path.Combine(Path.GetTempPath(), "onnxtransfer-photos"), name);
        return List(Directory.Exists(folder) ? folder : MadePhotos.Ensure(name, classes: 1, count, width, height), count, 1);
    }

    private static byte[][] Read(IReadOnlyList<string> paths) => [.. paths.Select(File.ReadAllBytes)];

    private static string[] List(string folder, int count, int step)
    {
        string[] photos =
        [
            .. Directory.EnumerateFiles(folder, "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Where((_, i) => i % step == 0).Take(count),
        ];
        return photos.Length == count ? photos : throw new InvalidDataException($"{folder} has {photos.Length} photographs for this, but {count} are measured.");
    }

    /// <summary>The folder of models and photographs.</summary>
    public static string Shared()
    {
        if (Environment.GetEnvironmentVariable("ONNXTRANSFER_SHARED") is { } named) return named;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var shared = Path.Combine(folder.FullName, "shared");
            if (Directory.Exists(Path.Combine(shared, "data"))) return shared;
        }

        return "shared";
    }
}
