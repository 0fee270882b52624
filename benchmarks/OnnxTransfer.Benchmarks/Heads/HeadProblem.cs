namespace OnnxTransfer.Benchmarks.Heads;

/// <summary>A training problem of a given size, drawn like a backbone's features: few causes, many sparse features at or above zero.</summary>
internal sealed record HeadProblem(int RowCount, int Dim, int ClassCount, int BatchSize, int Epochs)
{
    private const int Causes = 48;

    /// <summary>tf_flowers' training rows under MobileNetV2.</summary>
    public static HeadProblem Small { get; } = new(2934, 1280, 5, 32, 20);

    /// <summary>A hundred classes of a thousand images under ResNet-50.</summary>
    public static HeadProblem Large { get; } = new(100_000, 2048, 100, 256, 3);

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
