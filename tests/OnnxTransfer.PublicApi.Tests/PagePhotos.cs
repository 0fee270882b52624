using OnnxTransfer.TestSupport;
using SkiaSharp;

namespace OnnxTransfer.PublicApi.Tests;

/// <summary>
/// A folder with the files that the pages name: photos of five classes, two more, a table of labels, and a trained classifier. The photos are real
/// ones where the checkout has the shared folder beside it; else they are drawn.
/// </summary>
public sealed class PagePhotos : IDisposable
{
    private const int PerClass = 12;
    private static readonly bool s_areReal = Directory.Exists(Repository.SharedPath("data", "flowers"));
    private readonly string _before = Environment.CurrentDirectory;
    private readonly Lazy<string> _folder = new(Make);

    /// <summary>A page names the network of the catalog; the shared copy of it stands for its download, or the one beside the application does.</summary>
    private static string Backbone => s_areReal ? Repository.SharedPath("models", "mobilenet_v2_imagenet.onnx") : "resnet18";

    public void Dispose()
    {
        Environment.CurrentDirectory = _before;
        if (_folder.IsValueCreated) Directory.Delete(_folder.Value, recursive: true);
    }

    /// <summary>Runs a program in the folder.</summary>
    /// <returns>What it printed.</returns>
    internal string Run(Snippet snippet)
    {
        var (assembly, complaints) = (snippet with { Code = snippet.Code.Replace("\"mobilenet-v2\"", $"@\"{Backbone}\"", StringComparison.Ordinal) }).Compile();
        Assert.Empty(complaints);
        Environment.CurrentDirectory = _folder.Value;
        return Snippet.Run(assembly, ["flower_photos", "unknown.jpg"]);
    }

    private static string Make()
    {
        var folder = Directory.CreateTempSubdirectory("onnxtransfer-pages-").FullName;
        if (s_areReal) Copy(folder);
        else Draw(folder);
        var rows = Directory.EnumerateFiles(Path.Combine(folder, "flower_photos"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select((file, i) => $"{Path.GetRelativePath(folder, file)},{Path.GetFileName(Path.GetDirectoryName(file))},{(i % 4 == 0 ? "test" : "train")}");
        File.WriteAllLines(Path.Combine(folder, "labels.csv"), ["path,species,fold", .. rows]);
        using var extractor = FeatureExtractor.Load(Backbone, new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu });
        var result = ImageClassifier.TrainAsync(extractor, ImageDataset.FromFolder(Path.Combine(folder, "flower_photos"))).GetAwaiter().GetResult();
        result.Classifier.Save(Path.Combine(folder, "flowers.onnx"));
        return folder;
    }

    private static void Copy(string folder)
    {
        foreach (var from in Directory.EnumerateDirectories(Repository.SharedPath("data", "flowers")))
        {
            var to = Directory.CreateDirectory(Path.Combine(folder, "flower_photos", Path.GetFileName(from))).FullName;
            foreach (var file in Directory.EnumerateFiles(from).Order(StringComparer.Ordinal).Take(PerClass)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        File.Copy(Repository.SharedPath("data", "cat_720p.jpg"), Path.Combine(folder, "cat.jpg"));
        File.Copy(Directory.EnumerateFiles(Repository.SharedPath("data", "flowers", "tulips")).Order(StringComparer.Ordinal).Last(), Path.Combine(folder, "unknown.jpg"));
    }

    /// <summary>Flowers of five kinds, which differ in the number and the color of their petals.</summary>
    private static void Draw(string folder)
    {
        (string Class, int Petals, SKColor Color)[] kinds =
        [
            ("daisy", 16, SKColors.White), ("dandelion", 40, SKColors.Gold), ("roses", 6, SKColors.Crimson), ("sunflowers", 24, SKColors.Orange), ("tulips", 3, SKColors.MediumPurple),
        ];
        var random = new Random(1);
        foreach (var (name, petals, color) in kinds)
        {
            var to = Directory.CreateDirectory(Path.Combine(folder, "flower_photos", name)).FullName;
            for (var i = 0; i < PerClass; i++) Flower(Path.Combine(to, $"{1000 + i}_{name}.jpg"), petals, color, random);
        }

        Flower(Path.Combine(folder, "unknown.jpg"), 3, SKColors.MediumPurple, random);
        Flower(Path.Combine(folder, "cat.jpg"), 2, SKColors.Gray, random);
    }

    private static void Flower(string path, int petals, SKColor color, Random random)
    {
        using var bitmap = new SKBitmap(240, 200);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(new SKColor((byte)random.Next(20, 90), (byte)random.Next(80, 160), (byte)random.Next(20, 90)));
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        canvas.Translate(120 + random.Next(-25, 25), 100 + random.Next(-20, 20));
        canvas.Scale(0.7f + (0.5f * random.NextSingle()));
        canvas.RotateDegrees(random.Next(360));
        for (var i = 0; i < petals; i++)
        {
            canvas.DrawOval(45, 0, 35, Math.Max(4, 90f / petals), paint);
            canvas.RotateDegrees(360f / petals);
        }

        paint.Color = SKColors.SaddleBrown;
        canvas.DrawCircle(0, 0, 16, paint);
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        File.WriteAllBytes(path, data.ToArray());
    }
}

/// <summary>The programs of the pages run one after the other: each prints to the console and stands in the folder.</summary>
[CollectionDefinition(nameof(PagePhotos), DisableParallelization = true)]
public sealed class OneAfterTheOther : ICollectionFixture<PagePhotos>;
