namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>A training problem of a given size, drawn like a backbone's features: few causes, many sparse features at or above zero.</summary>
internal sealed record HeadProblem(int RowCount, int Dim, int ClassCount, int BatchSize, int Epochs)
{
    /// <summary>float32 weight, mean and square of the gradient, each read and written.</summary>
    private const int AdamBytesPerParameter = 24;

    private const int Causes = 48;

    /// <summary>tf_flowers' training rows under MobileNetV2.</summary>
    public static HeadProblem Small { get; } = new(2934, 1280, 5, 32, 20);

    /// <summary>A hundred classes of a thousand images under ResNet-50.</summary>
    public static HeadProblem Large { get; } = new(100_000, 2048, 100, 256, 3);

    /// <summary>The features of <see cref="Small"/>, and two hidden layers, which move fifty megabytes a step.</summary>
    public static HeadProblem Mlp { get; } = new(2934, 1280, 5, 32, 3) { HiddenUnits = [1024, 512] };

    public int[] HiddenUnits { get; private init; } = [];

    public TrainingOptions Adam => new()
    {
        Epochs = Epochs,
        BatchSize = BatchSize,
        HiddenUnits = HiddenUnits,
        L2 = 0,
        Center = false,
        Optimizer = Optimizer.Adam(pyTorchFormula: true, epsilon: 1e-8),
    };

    /// <summary>What Adam holds of the weights: a value and two moments.</summary>
    public long AdamBytes => AdamBytesPerParameter / 2 * Weights;

    /// <summary>What Adam reads and writes in an epoch.</summary>
    public long AdamBytesPerEpoch => AdamBytesPerParameter * Weights * ((RowCount + BatchSize - 1) / BatchSize);

    /// <summary>Forward, by the weights, and by the inputs of all layers but the first; a multiply-add is two operations.</summary>
    public double OperationsPerEpoch => 2.0 * RowCount * (3 * Weights - (long)Dim * Sizes[1]);

    /// <summary>Seconds an epoch takes at least: the multiply-adds at the machine's peak, and the optimizer's way over its numbers.</summary>
    public double FloorSeconds(double flops, double bytesMovedPerSecond) => OperationsPerEpoch / flops + AdamBytesPerEpoch / bytesMovedPerSecond;

    private int[] Sizes => [Dim, .. HiddenUnits, ClassCount];

    private long Weights => Sizes.Zip(Sizes[1..], (inputs, outputs) => (long)inputs * outputs).Sum();

    public LabeledFeatures Draw()
    {
        var random = new Random(1);
        var mixing = new float[Dim * Causes];
        foreach (ref var value in mixing.AsSpan()) value = (random.NextSingle() - 0.5f) / 4;
        var centers = new float[ClassCount * Causes];
        foreach (ref var value in centers.AsSpan()) value = 3 * (random.NextSingle() - 0.5f);
        var values = new float[RowCount * Dim];
        var labels = new int[RowCount];
        Parallel.For(0, RowCount, n =>
        {
            var own = new Random(n);
            labels[n] = n % ClassCount;
            var causes = new float[Causes];
            for (var k = 0; k < Causes; k++) causes[k] = centers[labels[n] * Causes + k] + 4 * (own.NextSingle() + own.NextSingle() - 1);
            for (var d = 0; d < Dim; d++)
            {
                var value = own.NextSingle() - 0.7f;
                for (var k = 0; k < Causes; k++) value += causes[k] * mixing[d * Causes + k];
                values[n * Dim + d] = Math.Max(0, value);
            }
        });
        return new LabeledFeatures(new FeatureMatrix(values, RowCount, Dim), labels);
    }
}
