using BenchmarkDotNet.Attributes;

namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>Training of heads on drawn features: time and allocation of an epoch, and of a whole L-BFGS.</summary>
[MemoryDiagnoser]
public class HeadTraining
{
    private const int Epochs = 10;

    private LabeledFeatures _small = null!;

    [Params(1, 0)]
    public int Threads { get; set; }

    [GlobalSetup]
    public void Draw() => _small = HeadProblem.Small.Draw();

    [Benchmark(OperationsPerInvoke = Epochs)]
    public ClassifierHead SoftmaxEpoch() => Train(new TrainingOptions());

    [Benchmark(OperationsPerInvoke = Epochs)]
    public ClassifierHead SgdEpoch() => Train(new TrainingOptions { Optimizer = Optimizer.Sgd() });

    [Benchmark(OperationsPerInvoke = Epochs)]
    public ClassifierHead StandardizedEpoch() => Train(new TrainingOptions { Standardize = true });

    [Benchmark(OperationsPerInvoke = Epochs)]
    public ClassifierHead MlpEpoch() => Train(new TrainingOptions { HiddenUnits = [256, 64], Dropout = 0.3 });

    [Benchmark]
    public ClassifierHead Lbfgs() => Train(new TrainingOptions { Optimizer = Optimizer.Lbfgs(), L2 = 1.0 / _small.Count });

    private ClassifierHead Train(TrainingOptions options) =>
        ClassifierHead.Train(_small, HeadProblem.Small.ClassCount, options with { Epochs = Epochs, L2 = options.L2 ?? 0, Threads = Threads }).Head;
}
