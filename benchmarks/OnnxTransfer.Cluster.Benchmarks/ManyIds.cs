using System.Diagnostics;
using OnnxTransfer.TestSupport;

namespace OnnxTransfer.Cluster.Benchmarks;

/// <summary>A job of many images that cost next to nothing, so that what is left is the cluster: two workers of one thread, parts of the usual size.</summary>
internal static class ManyIds
{
    public static async Task<int> RunAsync(string membership, string work, int count)
    {
        Directory.CreateDirectory(work);
        try
        {
            string[] cluster = ["--membership", membership, "--cluster", $"ids-{Guid.NewGuid():N}"];
            var (network, photo, photos, folder) = (Path.Combine(work, "tiny.onnx"), Path.Combine(work, "photo.png"), Path.Combine(work, "photos"), Path.Combine(work, "out"));
            TinyBackbone.Write(network);
            File.WriteAllBytes(photo, TestImage.NoisyPng(TinyBackbone.Side, TinyBackbone.Side, (200, 80, 160), seed: 1));
            Tool.Link(photos, [photo], count);
            Process[] workers = [Tool.StartWorker(work, "worker0", cluster), Tool.StartWorker(work, "worker1", cluster)];
            try
            {
                var clock = Stopwatch.StartNew();
                var job = Tool.Run(["submit", photos, "--out", folder, "--store", work, "--backbone", network, .. cluster]);
                var submitted = clock.Elapsed;
                clock.Restart();
                long peak = 0;
                var took = await Tool.WaitAsync(folder, clock, () => peak = Math.Max(peak, workers.Max(Memory)));
                var status = Tool.Status(job, cluster);
                var parts = status.GetProperty("partCount").GetInt32();
                Console.WriteLine($"{count} images in {parts} parts: submit {submitted.TotalSeconds:0.0} s, then {took.TotalSeconds:0.0} s, {count / took.TotalSeconds:0} images/s, {parts / took.TotalSeconds:0.0} parts/s");
                Console.WriteLine($"memory: {status.GetProperty("coordinatorBytes").GetInt64() >> 20} MB of the coordinator's process at the end (it is a worker too), {peak >> 20} MB at the peak of the larger worker");
                Console.WriteLine($"output: {new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length) / (double)count:0.0} bytes for each image, of which {TinyBackbone.Dim * sizeof(float)} are its vector");
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

    private static long Memory(Process process)
    {
        process.Refresh();
        return process.WorkingSet64;
    }
}
