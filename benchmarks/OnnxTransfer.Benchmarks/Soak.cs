using System.Diagnostics;

namespace OnnxTransfer.Benchmarks;

/// <summary>Embeds 2,000 images one by one and says how far the process grew after the first 200.</summary>
internal static class Soak
{
    private const int WarmUp = 200;
    private const int Embeds = 2_000;
    private const double MostGrowthMegabytes = 20;

    internal static int Run(string model, string folder)
    {
        var paths = ImageListing.FromFolder(folder).Images;
        using var extractor = FeatureExtractor.Load(model);
        for (var i = 0; i < WarmUp; i++) extractor.Embed(paths[i % paths.Count]);
        var before = ResidentMegabytes();
        Console.WriteLine($"after {WarmUp} embeds: {before:0.0} MB");
        for (var i = 0; i < Embeds; i++)
        {
            extractor.Embed(paths[i % paths.Count]);
            if ((i + 1) % 500 == 0) Console.WriteLine($"after {WarmUp + i + 1} embeds: {ResidentMegabytes():0.0} MB");
        }

        var growth = ResidentMegabytes() - before;
        Console.WriteLine($"growth over {Embeds} embeds: {growth:0.0} MB, at most {MostGrowthMegabytes:0} MB wanted");
        return growth < MostGrowthMegabytes ? 0 : 1;
    }

    private static double ResidentMegabytes()
    {
        // What the collector has not got round to is not growth.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1e6;
    }
}
