using System.Globalization;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Embedding;
using OnnxTransfer.Preprocessing;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// What mirrored and cropped copies bring with few images: 5, 10 and 20 images a class are drawn 20 times, draw k with the seed k, and all
/// other images are the test. The head is the optimum of one objective with and without copies, so that copies do not gain by more steps.
/// </summary>
internal static class AugmentationDraws
{
    private const int Draws = 20;

    private static readonly int[] s_rowsPerClass = [5, 10, 20];

    /// <summary>How the head is trained and how it predicts.</summary>
    private static readonly (string Name, Augmentation Train, Augmentation Predict, bool OfProbabilities)[] s_ways =
    [
        ("none", Augmentation.None, Augmentation.None, false),
        ("train flip", Augmentation.Flip, Augmentation.None, false),
        ("train crops", Augmentation.Crops, Augmentation.None, false),
        ("train both", Augmentation.FlipAndCrops, Augmentation.None, false),
        ("predict flip", Augmentation.None, Augmentation.Flip, false),
        ("predict both", Augmentation.None, Augmentation.FlipAndCrops, false),
        ("flip, flip", Augmentation.Flip, Augmentation.Flip, false),
        ("both, both", Augmentation.FlipAndCrops, Augmentation.FlipAndCrops, false),
        ("both, both by probabilities", Augmentation.FlipAndCrops, Augmentation.FlipAndCrops, true),
    ];

    /// <param name="work">A folder for the vectors, which are computed once.</param>
    internal static async Task<int> RunAsync(string work)
    {
        var mobileNet = Path.Combine(Photos.Shared(), "models", "mobilenet_v2_imagenet.onnx");
        foreach (var set in (string[])["flowers", "cats_vs_dogs"])
        {
            foreach (var (name, backbone) in new[] { ("resnet18", "resnet18"), ("mobilenet", mobileNet) })
            {
                var options = new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(Path.Combine(work, "cache")) };
                using var extractor = await FeatureExtractor.LoadAsync(backbone, options).ConfigureAwait(false);
                var photos = ImageDataset.FromFolder(Path.Combine(Photos.Shared(), "data", set));
                ImageInput[] inputs = [.. photos.Images.Select(image => image.Image)];
                var views = new Dictionary<ImageView, FeatureMatrix>();
                foreach (var view in ImageView.Of(Augmentation.FlipAndCrops))
                    views[view] = (await extractor.Network.EmbedAsync(inputs, 0, null, CancellationToken.None, view).ConfigureAwait(false)).Features;
                foreach (var rows in s_rowsPerClass) Measure($"{set}-{name}-{rows}", views, [.. photos.ClassIndices], photos.Classes.Count, rows);
            }
        }

        return 0;
    }

    private static void Measure(string name, Dictionary<ImageView, FeatureMatrix> views, int[] labels, int classes, int rowsPerClass)
    {
        var accuracies = s_ways.Select(_ => new double[Draws]).ToArray();
        var losses = s_ways.Select(_ => new double[Draws]).ToArray();
        for (var draw = 0; draw < Draws; draw++)
        {
            var train = Draw(labels, classes, rowsPerClass, draw + 1);
            var test = Enumerable.Range(0, labels.Length).Except(train).ToArray();
            var heads = s_ways.Select(way => way.Train).Distinct().ToDictionary(augmentation => augmentation, augmentation => Train(views, labels, classes, train, augmentation));
            for (var way = 0; way < s_ways.Length; way++)
            {
                var (_, trained, predicted, ofProbabilities) = s_ways[way];
                (accuracies[way][draw], losses[way][draw]) = Score(Predict(heads[trained], views, test, predicted, ofProbabilities), [.. test.Select(row => labels[row])]);
            }
        }

        for (var way = 0; way < s_ways.Length; way++)
        {
            var gains = accuracies[way].Zip(accuracies[0], (with, without) => 100 * (with - without)).ToArray();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-26} {s_ways[way].Name,-28} accuracy {100 * accuracies[way].Average():0.0}±{100 * Error(accuracies[way]):0.0}  gain {gains.Average():+0.0;-0.0;0.0}±{Error(gains):0.0}  log loss {losses[way].Average():0.000}"));
        }
    }

    /// <summary>L-BFGS to the optimum. The L2 is that of the images alone, so that it is the same with copies.</summary>
    private static ClassifierHead Train(Dictionary<ImageView, FeatureMatrix> views, int[] labels, int classes, int[] train, Augmentation augmentation)
    {
        var plain = views[ImageView.Plain].Select(train);
        var l2 = MeanVariance(plain) * Math.Min(0.05, 1 / Math.Sqrt(plain.RowCount));
        var chosen = ImageView.Of(augmentation);
        var joined = FeatureMatrix.Stack([.. chosen.Select(view => views[view].Select(train))]);
        int[] classOf = [.. chosen.SelectMany(_ => train.Select(row => labels[row]))];
        return ClassifierHead.Train(new LabeledFeatures(joined, classOf), classes, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = l2 }).Head;
    }

    private static double MeanVariance(FeatureMatrix features)
    {
        var sum = 0.0;
        for (var d = 0; d < features.Dim; d++)
        {
            var column = Enumerable.Range(0, features.RowCount).Select(row => (double)features.Row(row)[d]).ToArray();
            var mean = column.Average();
            sum += column.Average(value => (value - mean) * (value - mean));
        }

        return sum / features.Dim;
    }

    private static Matrix<float> Predict(ClassifierHead head, Dictionary<ImageView, FeatureMatrix> views, int[] test, Augmentation augmentation, bool ofProbabilities)
    {
        var chosen = ImageView.Of(augmentation).Select(view => views[view].Select(test)).ToArray();
        if (ofProbabilities) return chosen.Select(head.Probabilities).Aggregate((sum, next) => sum + next) / chosen.Length;
        var mean = new float[test.Length * head.Dim];
        for (var row = 0; row < test.Length; row++) ViewMean.Of([.. chosen.Select(features => features.Row(row).ToArray())]).CopyTo(mean, row * head.Dim);
        return head.Probabilities(new FeatureMatrix(mean, test.Length, head.Dim));
    }

    private static (double Accuracy, double Loss) Score(Matrix<float> probabilities, int[] labels) => (
        labels.Where((label, row) => probabilities.Row(row).MaximumIndex() == label).Count() / (double)labels.Length,
        labels.Select((label, row) => -Math.Log(Math.Max(probabilities[row, label], float.Epsilon))).Average());

    private static int[] Draw(int[] labels, int classes, int rowsPerClass, int seed)
    {
        var random = new SeededRandom(seed, SeededRandom.Purpose.HoldOut);
        var drawn = new List<int>();
        for (var label = 0; label < classes; label++)
        {
            var members = Enumerable.Range(0, labels.Length).Where(row => labels[row] == label).ToArray();
            random.Shuffle(members);
            drawn.AddRange(members.Take(rowsPerClass));
        }

        return [.. drawn.Order()];
    }

    /// <summary>The standard error of the mean.</summary>
    private static double Error(double[] values)
    {
        var mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
    }
}
