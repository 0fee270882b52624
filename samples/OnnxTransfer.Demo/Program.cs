using System.Diagnostics;
using OnnxTransfer;
using OnnxTransfer.Build;

// The main job, end to end on real images: a backbone, a folder of images, a classifier, a report, and a saved file that answers the same.
// The network comes with a package, so nothing but the demo's pictures is downloaded.
if (args is not [var root, ..] || args.Length > 2 || !Directory.Exists(root))
{
    Console.Error.WriteLine("usage: OnnxTransfer.Demo CHECKOUT [PHOTOS]; PHOTOS is a folder with one sub-folder of images per class");
    return 2;
}

var output = Path.Combine(root, "artifacts", "demo");
var times = new List<(string Step, double Seconds)>();
try
{
    var photos = ImageDataset.FromFolder(args.Length > 1 ? args[1] : Timed("getting images", () => EmojiPhotos.Ensure(root)));
    Console.WriteLine($"{photos.Images.Count} images in {photos.Classes.Count} classes: {string.Join(", ", photos.Classes)}");

    // Vectors are kept from run to run: only images that are new go through the network.
    var options = new FeatureExtractorOptions { Cache = new FeatureCache(Path.Combine(output, "features")) };
    using var extractor = await TimedAsync("opening the backbone", () => FeatureExtractor.LoadAsync("resnet18", options));
    Console.WriteLine($"backbone {extractor.Model.Id}, {extractor.Dim} features, on {(extractor.Provider == ExecutionProvider.Cpu ? "the CPU" : extractor.ProviderReason)}");

    // Three splits: one alone says little about so few images.
    var results = new List<TrainingResult>();
    foreach (var seed in new[] { 1, 2, 3 })
        results.Add(await ImageClassifier.TrainAsync(extractor, photos, new TrainingPlan { Seed = seed, Split = new SplitPercentages(70, 10, 20) }));
    var result = results[0];
    times.Add(($"images to vectors ({result.Embedding.Cached} from the cache)", result.Embedding.Elapsed.TotalSeconds));
    times.Add(("training a head", result.TrainingTime.TotalSeconds));
    Console.WriteLine(result.Embedding.Bottleneck);
    foreach (var skipped in result.Skipped) Console.WriteLine($"skipped {skipped.Id}: {skipped.Reason}");

    Print(result.Test!, photos.Classes);
    Console.WriteLine();
    Console.WriteLine($"test accuracy with seeds 1 to 3: {string.Join(", ", results.Select(one => $"{one.Test!.Accuracy:0.000}"))}; mean {results.Average(one => one.Test!.Accuracy):0.000}");
    Predict(result);
    var isSame = SaveAndReload(result);
    Console.WriteLine($"report {Timed("writing the report", () => Report(result))}");
    Console.WriteLine();
    Console.WriteLine("time of each stage");
    foreach (var (step, seconds) in times) Console.WriteLine($"  {step,-30} {seconds,6:0.00} s");
    foreach (var one in results) one.Classifier.Dispose();
    return isSame ? 0 : 1;
}
catch (Exception exception) when (exception is OnnxTransferException or BuildException or IOException or InvalidDataException)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}

void Print(EvaluationResult test, IReadOnlyList<string> classes)
{
    Console.WriteLine();
    Console.WriteLine($"test accuracy {test.Accuracy:0.000} on {test.Count} images that were not used in training (seed 1)");
    Console.WriteLine("confusion (rows: true class, columns: predicted)");
    var width = classes.Max(label => label.Length);
    Console.WriteLine(new string(' ', width) + string.Concat(classes.Select(label => $"  {label[..Math.Min(7, label.Length)],7}")));
    for (var row = 0; row < classes.Count; row++)
    {
        Console.WriteLine(classes[row].PadRight(width) + string.Concat(Enumerable.Range(0, classes.Count).Select(column => $"  {test.Confusion[row][column],7}")));
    }
}

void Predict(TrainingResult result)
{
    Console.WriteLine();
    // One test image of each of the first five classes.
    foreach (var image in result.Images.Where(image => image.Split == DataSplit.Test).DistinctBy(image => image.Label).Take(5))
    {
        var prediction = result.Classifier.Predict(image.Id);
        Console.WriteLine($"{Path.GetFileName(image.Id),-28} is {image.Label,-18} predicted {prediction.Label,-18} {prediction.Probability,5:P0}");
    }
}

bool SaveAndReload(TrainingResult result)
{
    var file = Path.Combine(output, "classifier.onnx");
    Timed("saving the classifier", () =>
    {
        result.Classifier.Save(file);
        return file;
    });
    using var again = Timed("loading it again", () => ImageClassifier.Load(file));
    var images = result.Images.Where(image => image.Split == DataSplit.Test).Take(20).ToList();
    var difference = images.Max(image => again.Predict(image.Id).Probabilities
        .Zip(result.Classifier.Predict(image.Id).Probabilities, (a, b) => Math.Abs(a - b)).Max());
    Console.WriteLine();
    Console.WriteLine($"saved {file} ({new FileInfo(file).Length / 1e6:0.0} MB), loaded it again: greatest difference of a probability on {images.Count} images is {difference}");
    return difference == 0;
}

string Report(TrainingResult result)
{
    var file = Path.Combine(output, "report.html");
    result.WriteReport(file);
    return file;
}

T Timed<T>(string step, Func<T> work)
{
    var clock = Stopwatch.StartNew();
    var result = work();
    times.Add((step, clock.Elapsed.TotalSeconds));
    return result;
}

async Task<T> TimedAsync<T>(string step, Func<Task<T>> work)
{
    var clock = Stopwatch.StartNew();
    var result = await work();
    times.Add((step, clock.Elapsed.TotalSeconds));
    return result;
}
