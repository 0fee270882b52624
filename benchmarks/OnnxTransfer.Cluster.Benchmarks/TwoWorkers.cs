using System.Diagnostics;

namespace OnnxTransfer.Cluster.Benchmarks;

/// <summary>Two workers of one thread against one process of two threads on real photos; they take turns. Both times begin before the network is opened and end with the manifest.</summary>
internal static class TwoWorkers
{
    private const int PartSize = 32;

    public static async Task<int> RunAsync(string membership, string work, string backbone, string from, int count, int rounds)
    {
        Directory.CreateDirectory(work);
        try
        {
            string[] cluster = ["--membership", membership, "--cluster", $"workers-{Guid.NewGuid():N}"];
            var photos = Path.Combine(work, "photos");
            Tool.Link(photos, [.. ImageListing.FromFolder(Path.GetFullPath(from)).Images.Select(image => image.Id)], count);
            Process[] workers = [Tool.StartWorker(work, "worker0", cluster), Tool.StartWorker(work, "worker1", cluster)];
            try
            {
                var ratios = new List<double>();
                for (var round = 0; round < rounds; round++)
                {
                    var clock = Stopwatch.StartNew();
                    using (var extractor = await FeatureExtractor.LoadAsync(backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Threads = 2 }))
                        await extractor.EmbedToSetAsync(Path.Combine(work, $"alone{round}"), ImageListing.FromFolder(photos).Images, options: new FeatureSetOptions { PartSize = PartSize, Root = photos });
                    var alone = clock.Elapsed;
                    var folder = Path.Combine(work, $"together{round}");
                    Tool.Run(["submit", photos, "--out", folder, "--store", work, "--backbone", backbone, "--part-size", $"{PartSize}", .. cluster]);
                    clock.Restart();
                    var together = await Tool.WaitAsync(folder, clock);
                    ratios.Add(alone / together);
                    Console.WriteLine($"round {round + 1}: one process {alone.TotalSeconds:0.0} s, {count / alone.TotalSeconds:0} images/s; two workers {together.TotalSeconds:0.0} s, {count / together.TotalSeconds:0} images/s; ratio {alone / together:0.00}");
                }

                Console.WriteLine($"median ratio {ratios.Order().ElementAt(rounds / 2):0.00}, at least 0.92 wanted");
            }
            finally
            {
                foreach (var worker in workers) Tool.Kill(worker);
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }

        return 0;
    }
}
