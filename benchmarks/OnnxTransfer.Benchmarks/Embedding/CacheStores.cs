using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OnnxTransfer.Embedding.Caching;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// The feature cache beside one mapped file of the same rows: keys sorted, a row behind each, found by bisection, with the same checksum. The file
/// does less (nobody else may write, nothing survives a kill half way), so that it is the most that another store could bring.
/// </summary>
internal static class CacheStores
{
    private const int KeyLength = 32;

    /// <param name="rows">N.</param>
    /// <param name="dim">D.</param>
    /// <param name="rounds">How often all rows are looked up.</param>
    public static int Run(int rows, int dim, int rounds)
    {
        var temporary = Directory.CreateTempSubdirectory("onnxtransfer-stores-").FullName;
        try
        {
            var keys = Enumerable.Range(0, rows).Select(row => SHA256.HashData(BitConverter.GetBytes(row))).ToArray();
            var space = new CacheSpace("measured", "measured", dim);
            var cache = new FeatureCache(temporary);
            var clock = Stopwatch.StartNew();
            using (var writer = cache.Open(space))
            {
                for (var row = 0; row < rows; row++) writer.Add(keys[row], Vector(row, dim));
            }

            var written = clock.Elapsed;
            var path = Path.Combine(temporary, "mapped");
            clock.Restart();
            WriteMapped(path, keys, dim);
            var mappedWritten = clock.Elapsed;
            var megabytes = rows * (double)dim * sizeof(float) / 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} rows of {dim} numbers, {megabytes:F0} MB; {rounds} rounds in turn, on {Environment.ProcessorCount} threads, the files in the system's memory"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"write   SQLite {written.TotalSeconds,7:F2} s, {megabytes / written.TotalSeconds,6:F0} MB/s, {cache.Bytes / 1e6:F0} MB; one file at once {mappedWritten.TotalSeconds,7:F2} s, {megabytes / mappedWritten.TotalSeconds,6:F0} MB/s"));
            var (order, random) = (keys.ToArray(), new Random(1));
            var (sqlite, mapped, read) = (new List<double>(), new List<double>(), new List<double>());
            using var file = MemoryMappedFile.CreateFromFile(path);
            using var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            for (var round = 0; round < rounds; round++)
            {
                random.Shuffle(order);
                clock.Restart();
                using (var reader = cache.Open(space)) Parallel.ForEach(order, key => Demand(reader.Find(key)));
                sqlite.Add(clock.Elapsed.TotalSeconds);
                clock.Restart();
                Parallel.ForEach(order, key => Demand(Find(view, rows, dim, key)));
                mapped.Add(clock.Elapsed.TotalSeconds);
                clock.Restart();
                ReadThrough(path);
                read.Add(clock.Elapsed.TotalSeconds);
            }

            foreach (var (name, times) in new[] { ("SQLite, each row by its key", sqlite), ("mapped file, each row by its key", mapped), ("read through the file", read) })
            {
                var seconds = times.Order().ElementAt(times.Count / 2);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {seconds,7:F2} s, {rows / seconds,9:F0} rows/s, {megabytes / seconds,6:F0} MB/s"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static float[] Vector(int row, int dim)
    {
        var vector = new float[dim];
        Array.Fill(vector, row);
        return vector;
    }

    private static void WriteMapped(string path, byte[][] keys, int dim)
    {
        var order = Enumerable.Range(0, keys.Length).ToArray();
        Array.Sort(order, (left, right) => keys[left].AsSpan().SequenceCompareTo(keys[right]));
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        foreach (var row in order) file.Write(keys[row]);
        foreach (var row in order)
        {
            var bytes = MemoryMarshal.AsBytes<float>(Vector(row, dim)).ToArray();
            file.Write(BitConverter.GetBytes(Checksum.Of(bytes)));
            file.Write(bytes);
        }

        file.Flush(flushToDisk: true);
    }

    private static float[]? Find(MemoryMappedViewAccessor view, int rows, int dim, byte[] key)
    {
        var file = view.SafeMemoryMappedViewHandle;
        Span<byte> there = stackalloc byte[KeyLength];
        var (low, high) = (0, rows - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            file.ReadSpan((ulong)middle * KeyLength, there);
            var compared = there.SequenceCompareTo(key);
            if (compared < 0)
            {
                low = middle + 1;
            }
            else if (compared > 0)
            {
                high = middle - 1;
            }
            else
            {
                var row = new float[dim];
                var at = ((ulong)rows * KeyLength) + ((ulong)middle * (ulong)((dim * sizeof(float)) + sizeof(long)));
                file.ReadSpan(at + sizeof(long), row.AsSpan());
                return file.Read<long>(at) == Checksum.Of(MemoryMarshal.AsBytes(row.AsSpan())) ? row : null;
            }
        }

        return null;
    }

    private static void ReadThrough(string path)
    {
        var buffer = new byte[1 << 20];
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        while (file.Read(buffer) > 0)
        {
        }
    }

    private static void Demand(float[]? row)
    {
        if (row is null) throw new InvalidOperationException("a row was not found");
    }
}
