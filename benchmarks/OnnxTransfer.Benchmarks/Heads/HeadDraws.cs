using System.Globalization;
using System.Runtime.InteropServices;
using MathNet.Numerics.LinearAlgebra;
using OnnxTransfer.Training;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>
/// How good heads are on few photographs: three sets, two backbones, 5, 10, 20 and three quarters of all rows per class, 20 draws each,
/// beside scikit-learn's LogisticRegressionCV on the same rows. Each image is embedded once.
/// </summary>
internal static class HeadDraws
{
    private static readonly int?[] s_rowsPerClass = [5, 10, 20, null];

    private static readonly Dictionary<string, Func<LabeledFeatures, int, ClassifierHead>> s_methods = new()
    {
        ["before"] = (rows, classes) => HeadTrainer.Train(rows, classes, new TrainingOptions { Epochs = 6, L2 = 0, Center = false }).Head,
        ["default"] = (rows, classes) => HeadTrainer.Train(rows, classes).Head,
        ["tune"] = (rows, classes) => HeadTuner.Tune(rows, classes).Trained.Head,
        ["lbfgs"] = (rows, classes) => HeadTrainer.Train(rows, classes, new TrainingOptions { Optimizer = Optimizer.Lbfgs() }).Head,
    };

    /// <param name="peers">The folder benchmarks/peers.</param>
    /// <param name="python">A Python with scikit-learn, or "none".</param>
    /// <param name="work">A folder for the vectors and for scikit-learn's answers, which are computed once.</param>
    /// <param name="methods">Names of methods; none for all.</param>
    internal static async Task<int> RunAsync(string peers, string python, string work, IReadOnlyList<string> methods)
    {
        Directory.CreateDirectory(work);
        var chosen = (methods.Count == 0 ? [.. s_methods.Keys] : methods).ToDictionary(name => name, Method);
        var table = new List<Row>();
        foreach (var problem in await ProblemsAsync(work).ConfigureAwait(false))
        {
            var row = new Row(problem, []);
            if (python != "none") row.Scores["scikit-learn"] = problem.Score(Sklearn(problem, peers, python, work));
            foreach (var (name, method) in chosen) row.Scores[name] = problem.Score(Answers(problem, method));
            table.Add(row);
            Console.WriteLine(Line(row));
        }

        Summarize(table);
        return 0;
    }

    private static Func<LabeledFeatures, int, ClassifierHead> Method(string name) => s_methods.GetValueOrDefault(name) ?? Candidate(name);

    /// <summary>A candidate for the default, written as <c>adam:STEPS:L2:RATE[:std]</c> or <c>lbfgs:L2[:std]</c>.</summary>
    private static Func<LabeledFeatures, int, ClassifierHead> Candidate(string name)
    {
        var parts = name.Split(':');
        var standardize = parts[^1] == "std";
        return parts[0] switch
        {
            "adam" => (rows, classes) => HeadTrainer.Train(rows, classes, new TrainingOptions
            {
                Epochs = (int)Math.Ceiling(Value(1) / Math.Ceiling(rows.Count / 32.0)), L2 = Value(2), LearningRate = Value(3), Standardize = standardize,
            }).Head,
            "lbfgs" => (rows, classes) => HeadTrainer.Train(rows, classes, new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = Value(1), Standardize = standardize }).Head,
            _ => throw new ArgumentException($"There is no method '{name}'; there are {string.Join(", ", s_methods.Keys)}, adam:STEPS:L2:RATE[:std] and lbfgs:L2[:std]."),
        };

        double Value(int part) => double.Parse(parts[part], CultureInfo.InvariantCulture);
    }

    private static List<Matrix<float>> Answers(DrawnProblem problem, Func<LabeledFeatures, int, ClassifierHead> method) =>
        [.. Enumerable.Range(0, DrawnProblem.Draws).Select(draw => method(problem.TrainingRows(draw), problem.ClassCount).Probabilities(problem.TestRows(draw)))];

    private static List<Matrix<float>> Sklearn(DrawnProblem problem, string peers, string python, string work)
    {
        var kept = Path.Combine(work, $"{problem.Name}.sklearn.f32");
        if (!File.Exists(kept))
        {
            using var folder = new PeerFolder();
            folder.Write("x.npy", "<f4", problem.Features.Values, problem.Features.RowCount, problem.Features.Dim);
            folder.Write("y.npy", "<i4", problem.Labels, problem.Labels.Length);
            folder.Write<int>("train.npy", "<i4", [.. problem.Train.SelectMany(rows => rows)], DrawnProblem.Draws, problem.Train[0].Length);
            PeerFolder.Ask(python, [Path.Combine(peers, "draws.py"), folder.Path]);
            File.Copy(Path.Combine(folder.Path, "p.f32"), kept);
        }

        var values = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(kept)).ToArray();
        var length = problem.Test[0].Length * problem.ClassCount;
        return [.. Enumerable.Range(0, DrawnProblem.Draws).Select(draw => Matrix<float>.Build.DenseOfRowMajor(problem.Test[draw].Length, problem.ClassCount, values[(draw * length)..((draw + 1) * length)]))];
    }

    private static async Task<List<DrawnProblem>> ProblemsAsync(string work)
    {
        var problems = new List<DrawnProblem>();
        foreach (var set in (string[])["flowers", "cats_vs_dogs", "cifar10"])
        {
            foreach (var (name, backbone) in new[] { ("resnet18", "resnet18"), ("mobilenet", Path.Combine(Photos.Shared(), "models", "mobilenet_v2_imagenet.onnx")) })
            {
                var options = new FeatureExtractorOptions
                {
                    Provider = ExecutionProvider.Cpu, Cache = new FeatureCache(Path.Combine(work, "cache")), Upsampling = set == "cifar10" ? ResizeFilter.TensorFlowBilinear : null,
                };
                using var extractor = await FeatureExtractor.LoadAsync(backbone, options).ConfigureAwait(false);
                var photos = ImageDataset.FromFolder(Path.Combine(Photos.Shared(), "data", set));
                var embedding = await extractor.EmbedAsync([.. photos.Images.Select(image => image.Image)]).ConfigureAwait(false);
                int[] labels = [.. embedding.Indices.Select(index => photos.ClassIndices[index])];
                problems.AddRange(s_rowsPerClass.Select(rows => new DrawnProblem($"{set}-{name}-{rows?.ToString(CultureInfo.InvariantCulture) ?? "all"}", embedding.Features, labels, [.. photos.Classes], rows)));
            }
        }

        return problems;
    }

    private static string Line(Row row) => $"{row.Problem.Name,-28} " + string.Join("  ", row.Scores.Select(pair => string.Create(
        CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value.Accuracy:0.0000}±{pair.Value.StandardError:0.0000} {pair.Value.Loss:0.000} {pair.Value.CalibrationError:0.000}")));

    private static void Summarize(List<Row> table)
    {
        Console.WriteLine();
        foreach (var name in table[0].Scores.Keys)
        {
            var line = string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-28} accuracy {table.Average(row => row.Scores[name].Accuracy):0.0000}  log loss {table.Average(row => row.Scores[name].Loss):0.0000}  calibration error {table.Average(row => row.Scores[name].CalibrationError):0.000}");
            if (table[0].Scores.ContainsKey("scikit-learn"))
            {
                // Points below scikit-learn, less two standard errors of the paired differences.
                var worst = table.Select(row => (row.Problem.Name, Above: row.Scores[name].Above(row.Scores["scikit-learn"]))).MinBy(cell => cell.Above.Mean + 2 * cell.Above.Error);
                line += string.Create(CultureInfo.InvariantCulture, $"  worst {worst.Name} {worst.Above.Mean * 100:+0.0;-0.0}±{worst.Above.Error * 100:0.0}");
            }

            Console.WriteLine(line);
        }
    }

    private sealed record Row(DrawnProblem Problem, Dictionary<string, DrawScores> Scores);
}
