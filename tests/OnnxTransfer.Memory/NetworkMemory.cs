using System.Globalization;

namespace OnnxTransfer.Memory;

/// <summary>The memory of one open network: after it is opened, after many images, after many threads with single images, and at its peak.</summary>
internal static class NetworkMemory
{
    private const double Mib = 1 << 20;

    /// <summary>Measures and prints a row for each stage.</summary>
    /// <param name="model">The id or path of the network.</param>
    /// <param name="photos">A folder of photos.</param>
    /// <param name="threads">Threads that embed single images at once; 0 for none.</param>
    /// <param name="allowed">The most MiB that the process may hold at the end, above those before the network was opened; 0 for any number.</param>
    /// <returns>The exit code: 1 where more was held.</returns>
    internal static int Run(string model, string photos, int threads, int allowed)
    {
        var images = Directory.EnumerateFiles(photos, "*.*", SearchOption.AllDirectories).Where(path => path.EndsWith(".jpg", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".png", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).Take(100).ToList();
        Console.WriteLine($"{"stage",-44}{"held MiB",10}{"peak MiB",10}{"managed MiB",13}{"CPU s",8}");
        var before = Report("before");
        using var extractor = FeatureExtractor.Load(model, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var held = Report("opened");
        var result = extractor.EmbedAsync([.. images.Select(path => (ImageInput)path)]).GetAwaiter().GetResult();
        held = Report($"{result.RowCount} images in a pipeline");
        if (threads > 0)
        {
            _ = extractor.Embed(images[0]);
            held = Report("one image, on all cores");
            var crowd = Enumerable.Range(0, threads).Select(first => new Thread(() =>
            {
                for (var i = 0; i < 8; i++) _ = extractor.Embed(images[(first + i) % images.Count]);
            })).ToList();
            crowd.ForEach(thread => thread.Start());
            crowd.ForEach(thread => thread.Join());
            held = Report($"{threads} threads, 8 single images each");
            Thread.Sleep(3000);
            held = Report("3 seconds later");
        }

        if (allowed == 0 || held - before <= allowed * Mib) return 0;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(held - before) / Mib:f0} MiB are held, {allowed} are allowed"));
        return 1;
    }

    private static long Report(string stage)
    {
        var held = Peak.Status("VmRSS");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{stage,-44}{held / Mib,10:f0}{Peak.Status("VmHWM") / Mib,10:f0}{GC.GetTotalMemory(forceFullCollection: false) / Mib,13:f0}{Environment.CpuUsage.TotalTime.TotalSeconds,8:f2}"));
        return held;
    }
}
