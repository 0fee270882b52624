namespace OnnxTransfer.PublicApi.Tests;

/// <summary>A plan that contradicts itself or the images is refused before the first image is read: reading one of these fails the test.</summary>
public sealed class OptionsTests : IDisposable
{
    private readonly FeatureExtractor _extractor = FeatureExtractor.Load("resnet18", new FeatureExtractorOptions { Provider = ExecutionProvider.Cpu, Threads = 1 });
    private int _read;

    public static TheoryData<string> Names => [.. Contradictions.Keys];

    private static Dictionary<string, (TrainingPlan Plan, string Part)> Contradictions { get; } = new()
    {
        ["patience without a validation set"] = (new() { Patience = 2, Split = new SplitPercentages(90, 0, 10) }, "Patience"),
        ["sigmoid of three classes"] = (new() { Sigmoid = true }, "two classes"),
        ["weights of two classes for three"] = (new() { ClassWeights = [1, 2] }, "2 class weights"),
        ["weights and balance"] = (new() { ClassWeights = [1, 2, 3], BalanceClasses = true }, "BalanceClasses"),
        ["two ways to validate"] = (new() { ValidationFraction = 0.2 }, "ValidationFraction"),
        ["L-BFGS and L1"] = (new() { Optimizer = Optimizer.Lbfgs(), L1 = 0.1 }, "L1"),
        ["L-BFGS and dropout"] = (new() { Optimizer = Optimizer.Lbfgs(), HiddenUnits = [4], Dropout = 0.1 }, "Dropout"),
    };

    public void Dispose() => _extractor.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_contradiction_is_refused_before_the_first_image_is_read(string name)
    {
        var (plan, part) = Contradictions[name];
        var error = await Assert.ThrowsAnyAsync<ArgumentException>(() => ImageClassifier.TrainAsync(_extractor, ThreeClasses(), plan));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.ThrowsAny<ArgumentException>(() => plan.Validate(ThreeClasses())).Message);
        Assert.Equal(0, _read);
    }

    [Fact]
    public async Task A_batch_that_no_array_can_hold_is_refused_before_the_first_image_is_read()
    {
        var many = ImageDataset.FromItems(from label in new[] { "a", "b" } from i in Enumerable.Range(0, 8000) select Item(label));
        var error = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ImageClassifier.TrainAsync(_extractor, many, new TrainingPlan { EmbeddingBatchSize = int.MaxValue }));
        Assert.Contains("use a smaller batch", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, _read);
    }

    [Fact]
    public void A_plan_that_fits_is_taken()
    {
        new TrainingPlan { Patience = 2 }.Validate(ThreeClasses());
        new TrainingPlan { Patience = 2, Split = new SplitPercentages(90, 0, 10), ValidationFraction = 0.1 }.Validate(ThreeClasses());
        new TrainingPlan { ClassWeights = [1, 2, 3] }.Validate(ThreeClasses());
        Assert.Equal(0, _read);
    }

    [Fact]
    public void A_plan_compares_and_copies_as_a_record()
    {
        TrainingOptions plan = new TrainingPlan { Epochs = 3, MaxBad = 0.5, HiddenUnits = [4] };
        Assert.Equal(plan, new TrainingPlan { Epochs = 3, MaxBad = 0.5, HiddenUnits = [4] });
        Assert.NotEqual(plan, new TrainingPlan { Epochs = 3, HiddenUnits = [4] });
        Assert.Equal(0.5, Assert.IsType<TrainingPlan>(plan with { Seed = 9 }).MaxBad);
    }

    private ImageDataset ThreeClasses() => ImageDataset.FromItems(from label in new[] { "a", "b", "c" } from i in Enumerable.Range(0, 20) select Item(label));

    private LabeledImage Item(string label) => new(
        ImageInput.FromStream(_ =>
        {
            Interlocked.Increment(ref _read);
            throw new InvalidOperationException("An image was read.");
        }), label);
}
