using System.Diagnostics;
using OnnxTransfer.Inference;
using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Benchmarks.Embedding;

/// <summary>
/// What embedding costs at least: our decode and preparation alone, and ONNX Runtime alone on tensors that are prepared
/// already, each with all cores busy. Done one after the other, with nothing in between, they would take the sum.
/// </summary>
internal sealed class EmbedFloor : IDisposable
{
    private const int Images = 96;

    private readonly int _threads = Environment.ProcessorCount;
    private readonly string[] _paths;
    private readonly ImagePreprocessor _preprocessor;
    private readonly OnnxSession _perCore;
    private readonly OnnxSession _together;
    private readonly TensorBatch _tensors;

    public EmbedFloor(FeatureExtractor extractor, IReadOnlyList<string> paths)
    {
        _paths = [.. Enumerable.Range(0, Images).Select(i => paths[i % paths.Count])];
        _preprocessor = new ImagePreprocessor(extractor.Card.Preprocess, extractor.Card.Input.Layout, ImageDecoders.Default, DecodeOptions.Default);
        _perCore = extractor.Network.OpenSession(SessionSettings.OnCpu(threads: 1));
        _together = extractor.Network.OpenSession(SessionSettings.OnCpu());
        _tensors = _preprocessor.Rent(Images);
        Prepare();
    }

    /// <summary>Decoding and preparing alone: images per second of all cores.</summary>
    public double Prepare() => Rate(1, (i, _) =>
    {
        using var opened = _preprocessor.Open(_paths[i], CancellationToken.None);
        _preprocessor.Prepare(opened, _tensors.ImageMemory(i));
    });

    /// <summary>The network alone, one image on each core.</summary>
    public double RunPerCore() => Rate(1, (i, count) => Run(_perCore, i, count));

    /// <summary>The network alone, batches of 32 on all cores together, as ONNX Runtime does it when it is left alone.</summary>
    public double RunTogether()
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Images; i += 32) Run(_together, i, 32);
        return Images / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Images per second where the two take turns.</summary>
    public static double Combine(double prepare, double run) => 1 / ((1 / prepare) + (1 / run));

    public void Dispose()
    {
        _perCore.Dispose();
        _together.Dispose();
        _tensors.Dispose();
    }

    private void Run(OnnxSession session, int start, int count)
    {
        var length = _tensors.Memory.Length / Images;
        session.Run(_tensors.Memory.Slice(start * length, count * length), count, new float[count * session.RowLength]);
    }

    private double Rate(int step, Action<int, int> work)
    {
        var next = 0;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, _threads).Select(_ => new Thread(() =>
        {
            for (int i; (i = Interlocked.Add(ref next, step) - step) < Images;) work(i, Math.Min(step, Images - i));
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        return Images / clock.Elapsed.TotalSeconds;
    }
}
