using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Onnx;

namespace OnnxTransfer.Tests;

/// <summary>
/// Every ONNX file of a folder, by default none: ONNXTRANSFER_CORPUS names the folder. Each file must give the same features alone and in a
/// batch, or be refused in a sentence. The table goes to the file that ONNXTRANSFER_CORPUS_TABLE names.
/// </summary>
[Trait("Category", "Long")]
public sealed class CorpusTests
{
    private static readonly string s_folder = Environment.GetEnvironmentVariable("ONNXTRANSFER_CORPUS") ?? "";

    [CorpusFact]
    public void EveryFileIsFineOrRefusedClearly()
    {
        using var photos = new TempFolder();
        var paths = Enumerable.Range(0, 3).Select(i =>
        {
            var path = photos.File($"{i}.png");
            File.WriteAllBytes(path, TestImage.NoisyPng(64, 64, ((byte)(60 * i), (byte)100, (byte)(250 - (60 * i))), i));
            return path;
        }).ToList();
        var lines = new List<string>();
        foreach (var file in Directory.EnumerateFiles(s_folder, "*.onnx", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            lines.Add($"{Path.GetRelativePath(s_folder, file)}\t{Try(file, paths)}");
        if (Environment.GetEnvironmentVariable("ONNXTRANSFER_CORPUS_TABLE") is { } table) File.WriteAllLines(table, lines);
        Assert.DoesNotContain(lines, line => line.Contains("\twrong\t", StringComparison.Ordinal) || line.Contains("\tcrash\t", StringComparison.Ordinal));
    }

    private static string Try(string file, List<string> photos)
    {
        try
        {
            var content = ModelFile.Open(file);
            var (height, width) = (content.Height ?? 224, content.Width ?? 224);
            var options = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Threads = 1, Preprocess = SmallGraphs.Pixels(8) with { Resize = Resize.Stretch(width, height) } };
            using var extractor = FeatureExtractor.Load(file, options);
            var rows = photos.Select(photo => extractor.Embed(photo)).ToList();
            var many = extractor.EmbedAsync(ImageInput.FromFiles(photos), batchSize: 3).GetAwaiter().GetResult().Features;
            var largest = Math.Max(1e-6, rows.Max(row => row.Max(Math.Abs)));
            var difference = Enumerable.Range(0, 3).Max(i => rows[i].Zip(many.Row(i).ToArray()).Max(pair => Math.Abs(pair.First - pair.Second))) / largest;
            var verdict = difference <= 1e-3 || double.IsNaN(difference) ? "fine" : "wrong";
            return FormattableString.Invariant($"{verdict}\t{extractor.Dim}\t{extractor.Card.Features.Tensor}\t{height}x{width}\tclasses {extractor.Model.ClassCount}\tbatch {difference:0.0e0}\t{extractor.ProviderReason}");
        }
        catch (Exception exception) when (exception is ModelException or ArgumentException)
        {
            return $"refused\t{exception.Message.ReplaceLineEndings(" ")}";
        }
        catch (Exception exception)
        {
            return $"crash\t{exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")} {exception.StackTrace?.Split('\n')[0]}";
        }
    }
}

/// <summary>A fact about somebody's folder of models, skipped where none is named.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CorpusFactAttribute : FactAttribute
{
    public CorpusFactAttribute() => Skip = Environment.GetEnvironmentVariable("ONNXTRANSFER_CORPUS") is null ? "needs a folder of ONNX files, named by ONNXTRANSFER_CORPUS" : null;
}
