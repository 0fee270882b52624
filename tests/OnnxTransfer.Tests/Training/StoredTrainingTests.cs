using OnnxTransfer.TestSupport;
using OnnxTransfer.Tests.Embedding.Sets;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

/// <summary>Training on feature sets: in memory, and window by window as if memory had no room.</summary>
public sealed class StoredTrainingTests : IDisposable
{
    private const int Dim = 12;
    private const int Classes = 3;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Each way to train that reads the rows in a way of its own.</summary>
    public static TheoryData<string> Ways => ["adam", "adam hidden", "standardize", "lbfgs", "validation", "balanced", "uncentered"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void ASetThatFitsGivesTheBitsOfTrainingInMemory(string way)
    {
        var (set, rows) = Set(900, partSize: 70);
        var options = Options(way);
        Assert.Equal(Bits(HeadTrainer.Train(rows, Classes, options)), Bits(ClassifierHead.Train(set, options)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void WindowsGiveNearlyTheHeadOfMemory(string way)
    {
        var (set, rows) = Set(6000, partSize: 333);
        var options = Options(way) with { Epochs = Options(way).Optimizer == Optimizer.Lbfgs() ? null : 12 };
        var (whole, windows) = (HeadTrainer.Train(rows, Classes, options), Windowed(set, options, rowsOfAWindow: 640));
        Assert.Equal(whole.History.L2, windows.History.L2, 1e-12);
        Assert.Equal(whole.History.Start.TrainLoss, windows.History.Start.TrainLoss, 1e-6);
        Assert.InRange(windows.History.StepLosses.Count - whole.History.StepLosses.Count, way == "lbfgs" ? -10 : 0, way == "lbfgs" ? 10 : 0);
        var (p, q) = (whole.Head.Probabilities(rows.Features), windows.Head.Probabilities(rows.Features));
        // L-BFGS ends at one point, whatever the order of the sums; Adam's steps see other batches.
        Assert.InRange((p - q).PointwiseAbs().ToRowMajorArray().Average(), 0, way == "lbfgs" ? 1e-4 : 0.04);
        Assert.Equal(whole.History.Epochs[^1].TrainLoss, windows.History.Epochs[^1].TrainLoss, way == "lbfgs" ? 1e-5 : 0.02);
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("lbfgs")]
    [InlineData("validation")]
    public void TheBitsDoNotDependOnThreads(string way)
    {
        var (set, _) = Set(3000, partSize: 256);
        var options = Options(way) with { BatchSize = 320 };
        var one = Windowed(set, options with { Threads = 1 }, rowsOfAWindow: 960);
        Assert.Equal(Bits(one), Bits(Windowed(set, options with { Threads = 3 }, rowsOfAWindow: 960)));
        Assert.Equal(Bits(one), Bits(Windowed(set, options with { Threads = 1 }, rowsOfAWindow: 960)));
        if (way != "lbfgs") Assert.NotEqual(Bits(one), Bits(Windowed(set, options with { Threads = 1, Seed = 99 }, rowsOfAWindow: 960)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    [InlineData(1024)]
    public void APassHasEveryRowOnceAndInOrder(int count)
    {
        var (set, rows) = Set(count, partSize: 50, classes: 1);
        foreach (var has in (Func<long, bool>?[])[null, row => row % 3 == 0, row => row / 300 % 2 == 1])
        {
            var wanted = Enumerable.Range(0, count).Where(row => has?.Invoke(row) ?? true).ToList();
            var stored = new StoredRows(set, new int[count], has, new WindowBuffers(96, Dim));
            Assert.Equal(wanted.Count, stored.Count);
            var seen = new List<float[]>();
            foreach (var window in stored.Pass())
            {
                Assert.Equal(seen.Count, window.First);
                Assert.InRange(window.Rows.Count, 1, 96);
                foreach (var row in window.Order) seen.Add(window.Rows.Features.Row(row).ToArray());
            }

            Assert.Equal(wanted.Select(row => rows.Features.Row(row).ToArray()), seen);
        }
    }

    [Fact]
    public void AnEpochHasEveryRowOnceInANewOrderWithItsOwnLabel()
    {
        var (set, rows) = Set(2000, partSize: 128);
        var labels = rows.Labels.ToArray();
        var stored = new StoredRows(set, labels, has: null, new WindowBuffers(480, Dim));
        var random = new SeededRandom(3, SeededRandom.Purpose.Order);
        var byRow = Enumerable.Range(0, 2000).ToDictionary(row => Key(rows.Features.Row(row)), row => row);
        var orders = new List<int[]>();
        for (var epoch = 0; epoch < 2; epoch++)
        {
            var order = new List<int>();
            var sizes = new List<int>();
            foreach (var window in stored.Epoch(random))
            {
                sizes.Add(window.Order.Length);
                foreach (var i in window.Order)
                {
                    var row = byRow[Key(window.Rows.Features.Row(i))];
                    Assert.Equal(labels[row], window.Rows.Labels[i]);
                    order.Add(row);
                }
            }

            Assert.Equal([480, 480, 480, 480, 80], sizes);
            Assert.Equal(Enumerable.Range(0, 2000), order.Order());
            orders.Add([.. order]);
        }

        Assert.NotEqual(orders[0], orders[1]);
        // A batch has rows from all over the set, not of one block.
        Assert.InRange(orders[0].Take(32).Select(row => row / StoredRows.BlockRows).Distinct().Count(), 2, 8);

        static string Key(ReadOnlySpan<float> row) => string.Join(' ', row.ToArray());
    }

    [Fact]
    public void APassThatIsLeftEarlyLeavesNoReaderBehind()
    {
        var (set, _) = Set(2000, partSize: 128);
        var stored = new StoredRows(set, new int[2000], has: null, new WindowBuffers(96, Dim));
        for (var i = 0; i < 50; i++)
        {
            var first = stored.Pass().First();
            var kept = first.Rows.Features.Values.ToArray();
            Assert.Equal(kept, first.Rows.Features.Values.ToArray());
            Assert.Equal(2000, stored.Pass().Sum(window => window.Rows.Count));
        }
    }

    [Fact]
    public void TheClassesOfAnotherSetAreFoundByName()
    {
        var (set, rows) = Set(900, partSize: 70);
        // The same rows without the first class: its classes have other numbers.
        var kept = Enumerable.Range(0, 900).Where(row => rows.Labels[row] > 0).ToList();
        var validation = Write("validation", [.. kept.Select(row => new GeneratedRow($"{row:D6}", Name(rows.Labels[row]), rows.Features.Row(row).ToArray()))], 64);
        var history = ClassifierHead.Train(set, new TrainingOptions { Epochs = 3 }, validation).History;
        var expected = HeadTrainer.Train(rows, Classes, new TrainingOptions { Epochs = 3 }, rows.Select(kept)).History;
        Assert.Equal(expected.Epochs.Select(epoch => epoch.ValidationLoss), history.Epochs.Select(epoch => epoch.ValidationLoss));
    }

    [Fact]
    public void TuningReadsTheSetInPasses()
    {
        var (set, rows) = Set(1500, partSize: 200);
        var options = new TuningOptions { FoldCount = 3, Values = [0.3, 0.03, 0.003] };
        var memory = ClassifierHead.Tune(rows, Classes, options);
        var fits = ClassifierHead.Tune(set, options);
        Assert.Equal(memory.Points, fits.Points);
        Assert.Equal(Bits(memory.Trained), Bits(fits.Trained));

        var windows = StoredTraining.Tune(set, options, new WindowBuffers(320, Dim), CancellationToken.None);
        Assert.Equal((memory.Chosen.L2, memory.Chosen.Standardize), (windows.Chosen.L2, windows.Chosen.Standardize));
        Assert.Equal(memory.NeighborAccuracy, windows.NeighborAccuracy);
        Assert.All(memory.Points.Zip(windows.Points), pair =>
        {
            Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4);
            Assert.Equal(pair.First.Accuracy, pair.Second.Accuracy, 2e-3);
        });
        Assert.Equal(windows.Points, StoredTraining.Tune(set, options with { Threads = 3 }, new WindowBuffers(320, Dim), CancellationToken.None).Points);
    }

    [Fact]
    public void WhatCannotBeTrainedOnIsRefused()
    {
        var (set, _) = Set(900, partSize: 70);
        var unlabeled = Write("unlabeled", GeneratedSet.Rows(20, Dim), 7);
        Refuses<ArgumentException>("has no label", () => ClassifierHead.Train(unlabeled));
        Refuses<ArgumentException>("at least two classes, but there is 1", () => ClassifierHead.Train(Set(10, 4, classes: 1).Set));
        Refuses<ArgumentOutOfRangeException>("memoryBudget", () => ClassifierHead.Train(set, memoryBudget: 1 << 20));
        Refuses<ArgumentException>("does not fit into a window", () => StoredTraining.Buffers(10_000_000, 1280, 1 << 30, new TrainingOptions { BatchSize = 100_000 }));
        Assert.Single(ClassifierHead.Train(set, new TrainingOptions { BatchSize = int.MaxValue, Epochs = 1 }).History.StepLosses);
        Refuses<ArgumentException>("RandomBatchesPerEpoch needs all rows in memory", () => Windowed(set, new TrainingOptions { RandomBatchesPerEpoch = 3 }, 96));
        Refuses<ArgumentException>("ValidationFraction and explicit validation rows", () => ClassifierHead.Train(set, new TrainingOptions { ValidationFraction = 0.2 }, set));
        Refuses<ArgumentException>("HiddenUnits needs all rows in memory", () => StoredTraining.Tune(set, new TuningOptions { HiddenUnits = [4] }, new WindowBuffers(96, Dim), CancellationToken.None));
        var other = Write("other", [.. Enumerable.Range(0, 9).Select(i => new GeneratedRow($"{i}", "class 9", new float[Dim]))], 4);
        Refuses<ArgumentException>("rows of the class 'class 9'", () => ClassifierHead.Train(set, validation: other));
        var wide = Write("wide", [.. Enumerable.Range(0, 9).Select(i => new GeneratedRow($"{i}", Name(1), new float[Dim + 1]))], 4, Dim + 1);
        Refuses<ArgumentException>("validation features have 13 dimensions", () => ClassifierHead.Train(set, validation: wide));
    }

    [Fact]
    public void ANumberThatIsNoneIsNamedByItsRowInTheSet()
    {
        var rows = Enumerable.Range(0, 700).Select(i => new GeneratedRow($"{i:D4}", Name(i % 2), new float[Dim])).ToList();
        rows[611].Vector![5] = float.NaN;
        var set = Write("nan", rows, 64);
        Refuses<InvalidDataException>("Feature 5 of row 611", () => ClassifierHead.Train(set));
        Refuses<InvalidDataException>("Feature 5 of row 611", () => Windowed(set, new TrainingOptions(), 96));
    }

    private static void Refuses<T>(string message, Action action)
        where T : Exception => Assert.Contains(message, Assert.Throws<T>(action).Message, StringComparison.Ordinal);

    private static TrainingOptions Options(string way) => way switch
    {
        "adam hidden" => new TrainingOptions { HiddenUnits = [8], Dropout = 0.1, Epochs = 5 },
        "standardize" => new TrainingOptions { Standardize = true },
        "lbfgs" => new TrainingOptions { Optimizer = Optimizer.Lbfgs() },
        "validation" => new TrainingOptions { ValidationFraction = 0.2, Epochs = 4 },
        "balanced" => new TrainingOptions { BalanceClasses = true, Epochs = 3 },
        "uncentered" => new TrainingOptions { Center = false, Epochs = 3 },
        _ => new TrainingOptions(),
    };

    private static TrainedHead Windowed(FeatureSet set, TrainingOptions options, int rowsOfAWindow) =>
        StoredTraining.Train(set, options, validation: null, new WindowBuffers(rowsOfAWindow, set.Dim), progress: null, CancellationToken.None);

    private static float[] Bits(TrainedHead trained) => [.. trained.Head.Layers.SelectMany(layer => (float[])[.. layer.Weights, .. layer.Bias])];

    private static string Name(int label) => $"class {label}";

    /// <summary>A set, and the same rows in memory.</summary>
    private (FeatureSet Set, LabeledFeatures Rows) Set(int count, int partSize, int classes = Classes)
    {
        var data = classes == 1 ? new LabeledFeatures(Gaussians.Make(count * 2, Dim, 2, 1).Features.Select([.. Enumerable.Range(0, count)]), new int[count]) : Gaussians.Make(count, Dim, classes, 1);
        var rows = Enumerable.Range(0, count).Select(row => new GeneratedRow($"{row:D6}", Name(data.Labels[row]), data.Features.Row(row).ToArray())).ToList();
        return (Write($"set-{count}-{partSize}-{classes}", rows, partSize), data);
    }

    private FeatureSet Write(string name, IReadOnlyList<GeneratedRow> rows, int partSize, int dim = Dim)
    {
        var folder = _folder.File(name);
        GeneratedSet.Write(folder, rows, dim, partSize);
        return FeatureSet.Open(folder);
    }
}
