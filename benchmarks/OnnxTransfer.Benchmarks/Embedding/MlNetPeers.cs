using System.Runtime.InteropServices;
using System.Text.Json;
using SkiaSharp;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// The features of ResNet-18 here and in ML.NET, from the same PNG files of the network's size: how far they are apart, and
/// images a second side by side. ML.NET needs SkiaSharp 2.88, so it runs in a process of its own.
/// </summary>
internal static class MlNetPeers
{
    private const int Side = 224;

    /// <summary>The greatest difference of a feature that passes.</summary>
    private const float Tolerance = 1e-4f;

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="count">Photos.</param>
    /// <param name="rounds">Rounds; both sides take turns.</param>
    public static async Task<int> RunAsync(string peers, int count, int rounds)
    {
        using var folder = new PeerFolder();
        var paths = WritePhotos(folder.Path, count);
        var list = Path.Combine(folder.Path, "list.txt");
        await File.WriteAllLinesAsync(list, paths);
        // `dotnet run` would count its own build: built once, then started as a program.
        var program = Path.Combine(folder.Path, "mlnet");
        PeerFolder.Ask("dotnet", ["build", Path.Combine(peers, "mlnet"), "-c", "Release", "--nologo", "-v", "quiet", "-o", program]);

        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
        Console.WriteLine($"{paths.Count} PNG files of {Side}x{Side} pixels to the 512 features of resnet18; images/s, of {rounds} rounds");
        using var extractor = FeatureExtractor.Load("resnet18", new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        await extractor.EmbedAsync(ImageInput.FromFiles(paths.Take(64)));
        var answers = new List<(double Ours, double Theirs)>();
        var (difference, largest, versions) = (0f, 0f, "");
        for (var round = 0; round < rounds; round++)
        {
            var ours = await extractor.EmbedAsync(ImageInput.FromFiles(paths));
            var output = Path.Combine(folder.Path, "features.f32");
            var said = PeerFolder.Ask("dotnet", [Path.Combine(program, "OnnxTransfer.Peers.MlNet.dll"), list, output, "1"]);
            var answer = JsonSerializer.Deserialize<Answer>(said[said.LastIndexOf('{')..], JsonSerializerOptions.Web)!;
            var theirs = MemoryMarshal.Cast<byte, float>(await File.ReadAllBytesAsync(output)).ToArray();
            (difference, largest, versions) = (Math.Max(difference, Difference(ours, theirs)), Math.Max(largest, theirs.Max()), answer.Versions);
            answers.Add((ours.ImagesPerSecond, answer.Images / answer.Seconds));
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {answers[^1].Ours:F0} and {answers[^1].Theirs:F0} images/s");
        }

        var (fastest, theirFastest) = (answers.Max(one => one.Ours), answers.Max(one => one.Theirs));
        Console.WriteLine($"{"",-40}{"median",10}{"fastest",10}");
        Console.WriteLine($"{"OnnxTransfer",-40}{Median(answers.Select(one => one.Ours)),10:F1}{fastest,10:F1}");
        Console.WriteLine($"{versions,-40}{Median(answers.Select(one => one.Theirs)),10:F1}{theirFastest,10:F1}");
        Console.WriteLine($"{"  OnnxTransfer is faster by",-40}{Median(answers.Select(one => one.Ours / one.Theirs)),9:F2}x{fastest / theirFastest,9:F2}x");
        Console.WriteLine($"greatest difference of a feature, of {paths.Count * extractor.Dim} up to {largest:F1}: {difference:E1} (at most {Tolerance:E0} passes)");
        return difference <= Tolerance ? 0 : 1;
    }

    /// <summary>The middle square of each photo, scaled once, so that neither side resizes anything.</summary>
    private static List<string> WritePhotos(string folder, int count)
    {
        var paths = new List<string>();
        foreach (var photo in Directory.EnumerateFiles(Photos.Flowers(), "*.jpg", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(count))
        {
            using var bitmap = SKBitmap.Decode(photo);
            using var square = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
            using var image = SKImage.FromBitmap(bitmap);
            using var canvas = new SKCanvas(square);
            var side = Math.Min(bitmap.Width, bitmap.Height);
            var middle = SKRect.Create((bitmap.Width - side) / 2, (bitmap.Height - side) / 2, side, side);
            canvas.DrawImage(image, middle, SKRect.Create(Side, Side), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
            using var png = square.Encode(SKEncodedImageFormat.Png, 100);
            paths.Add(Path.Combine(folder, $"{paths.Count:0000}.png"));
            using var file = File.Create(paths[^1]);
            png.SaveTo(file);
        }

        return paths;
    }

    private static float Difference(EmbeddingResult ours, float[] theirs)
    {
        var dim = theirs.Length / ours.Features.RowCount;
        if (ours.Skipped.Count > 0 || dim * ours.Features.RowCount != theirs.Length) return float.PositiveInfinity;
        var difference = 0f;
        for (var row = 0; row < ours.Features.RowCount; row++)
        {
            var a = ours.Features.Row(row);
            var b = theirs.AsSpan(row * dim, dim);
            if (a.Length != dim) return float.PositiveInfinity;
            for (var i = 0; i < dim; i++) difference = Math.Max(difference, Math.Abs(a[i] - b[i]));
        }

        return difference;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed record Answer(double Seconds, int Images, string Versions);
}
