using System.Diagnostics;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// What embedding costs at least: decoding and preparing alone, and ONNX Runtime alone on tensors that are prepared already, each with all
/// cores busy and as many images as the run that is compared. Done one after the other, with nothing in between, they would take the sum.
/// </summary>
internal sealed class EmbedFloor : IDisposable
{
    /// <summary>Tensors that are prepared; the network takes them in turn.</summary>
    private const int Prepared = 64;
    private const int Together = 32;

    private readonly int _threads = Environment.ProcessorCount;
    private readonly IReadOnlyList<string> _paths;
    private readonly ImagePreprocessor _preprocessor;
    private readonly OnnxSession _perCore;
    private readonly OnnxSession _together;
    private readonly TensorBatch _tensors;

    public EmbedFloor(FeatureExtractor extractor, IReadOnlyList<string> paths)
    {
        _paths = paths;
        _preprocessor = Preprocessor(extractor, DecodingWay.All[0]);
        _perCore = extractor.Network.OpenSession(SessionSettings.OnCpu(threads: 1));
        _together = extractor.Network.OpenSession(SessionSettings.OnCpu());
        _tensors = _preprocessor.Rent(Prepared);
        for (var i = 0; i < Prepared; i++) Prepare(_preprocessor, i);
    }

    public static ImagePreprocessor Preprocessor(FeatureExtractor extractor, DecodingWay way) =>
        new(extractor.Card.Preprocess, extractor.Card.Input.Layout, way.Decoder, way.Options);

    /// <summary>Decoding and preparing alone: images per second of all cores.</summary>
    public double Prepare(ImagePreprocessor preprocessor) => Rate(i => Prepare(preprocessor, i));

    /// <summary>The network alone, one image on each core.</summary>
    public double RunPerCore() => Rate(i => Run(_perCore, i % Prepared, 1));

    /// <summary>The network alone, batches of 32 on all cores together, as ONNX Runtime does it when it is left alone.</summary>
    public double RunTogether()
    {
        var clock = Stopwatch.StartNew();
        var batches = (_paths.Count + Together - 1) / Together;
        for (var batch = 0; batch < batches; batch++) Run(_together, batch * Together % Prepared, Together);
        return batches * Together / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Images per second where the two take turns.</summary>
    public static double Combine(double prepare, double run) => 1 / ((1 / prepare) + (1 / run));

    public void Dispose()
    {
        _perCore.Dispose();
        _together.Dispose();
        _tensors.Dispose();
    }

    private void Prepare(ImagePreprocessor preprocessor, int i)
    {
        using var opened = preprocessor.Open(_paths[i % _paths.Count], CancellationToken.None);
        preprocessor.Prepare(opened, _tensors.ImageMemory(i % Prepared));
    }

    private void Run(OnnxSession session, int start, int count)
    {
        var length = _tensors.Memory.Length / Prepared;
        session.Run(_tensors.Memory.Slice(start * length, count * length), count, new float[count * session.RowLength]);
    }

    private double Rate(Action<int> work)
    {
        var next = 0;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, _threads).Select(_ => new Thread(() =>
        {
            for (int i; (i = Interlocked.Increment(ref next) - 1) < _paths.Count;) work(i);
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return _paths.Count / clock.Elapsed.TotalSeconds;
    }
}
