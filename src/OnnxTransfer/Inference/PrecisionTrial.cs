using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics.X86;
using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Editing;
using OnnxTransfer.Onnx.Quantization;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

/// <summary>Converts one network and measures what that costs and gains on the user's images.</summary>
/// <param name="graph">The network in float32.</param>
/// <param name="card">Its input and preparation.</param>
/// <param name="options">Where it runs, and the images to measure with.</param>
/// <param name="cancellationToken">Stops the measuring.</param>
internal sealed class PrecisionTrial(NetworkGraph graph, ModelCard card, NetworkOptions options, CancellationToken cancellationToken)
{
    private const int SpeedBatch = 8;
    private const int SpeedRounds = 5;
    private const int SensitivityImages = 4;

    /// <summary>
    /// Whether two products of bytes are added in 16 bits. AVX-512 processors with VNNI but without AVX-VNNI are taken for
    /// such: their weights are rounded a little coarser than they need be.
    /// </summary>
    private static readonly bool s_sumsSaturate = X86Base.IsSupported && !AvxVnni.IsSupported;

    private readonly Lazy<OnnxQuantizer> _quantizer = new(() => new OnnxQuantizer(graph.CopyModel()));
    private readonly Lazy<IReadOnlyList<ImageInput>> _chosen = new(() => CalibrationImages.Choose(options.CalibrationImages));

    /// <summary>What float32 runs on.</summary>
    internal ExecutionProvider Provider
    {
        get
        {
            using var session = Open(graph);
            return session.Provider.Provider;
        }
    }

    internal bool CanBeInt8 => _quantizer.Value.Layers.Count > 0;

    /// <summary>The network in 16 bits; its loss is measured where images were given.</summary>
    internal (OnnxModel Model, NetworkPrecisionInfo Info) ToHalf(string reason)
    {
        var half = graph.CopyModel();
        OnnxHalf.Convert(half);
        var info = new NetworkPrecisionInfo(NetworkPrecision.Float16, reason);
        if (options.CalibrationImages.Count >= CalibrationImages.Fewest) info = Measure(half, Prepare().HeldOut, info);
        ConvertedNetwork.Mark(half, info, key: "");
        return (half, info);
    }

    /// <summary>The network in 8 bits, from the cache where it was converted before with the same images.</summary>
    internal (OnnxModel Model, NetworkPrecisionInfo Info) ToInt8(string reason)
    {
        if (!CanBeInt8) Throw.NothingToQuantize(graph.Name);
        var cache = new ConvertedNetworkCache(Path.Combine(options.Store.Folder, "int8"));
        var key = ConvertedNetworkCache.Key(graph, card, options, _chosen.Value, s_sumsSaturate);
        if (cache.Find(key) is { } found) return (found.Model, found.Info with { Reason = $"{reason} {found.Info.Reason}" });

        var images = Prepare();
        var (quantized, left) = Quantize(images);
        var count = _quantizer.Value.Layers.Count;
        var detail = left == 0 ? $"All {count} convolutions are in 8 bits." : $"{count - left} of {count} convolutions are in 8 bits; the others lose too much.";
        var info = Measure(quantized, images.HeldOut, new NetworkPrecisionInfo(NetworkPrecision.Int8, detail));
        ConvertedNetwork.Mark(quantized, info, key);
        cache.Add(key, quantized);
        return (quantized, info with { Reason = $"{reason} {detail}" });
    }

    /// <summary>All layers in 8 bits; or, where that costs too much, without those that cost most.</summary>
    private (OnnxModel Model, int LeftInFloat) Quantize(CalibrationImages images)
    {
        var quantizer = _quantizer.Value;
        var statistics = ActivationRecorder.Record(
            graph.With(quantizer.Float), quantizer.Activations, images.Calibration, options.Session, cancellationToken);
        var exact = Rows(graph, images.HeldOut);
        var best = (Model: With(quantizer.Layers), Left: 0);
        var similarity = Similarity(exact, Rows(graph.With(best.Model), images.HeldOut));
        if (similarity >= PrecisionChooser.LeastSimilarity) return best;

        // Each layer is tried alone in 8 bits to find its cost. Then more and more of the costliest layers stay in float, up to half of all.
        List<float[]> few = [.. images.HeldOut.Take(SensitivityImages)];
        var exactFew = Rows(graph, few);
        var ranked = quantizer.Layers.OrderBy(layer => Similarity(exactFew, Rows(graph.With(With([layer])), few))).ToList();
        for (var left = 1; left <= ranked.Count / 2 && similarity < PrecisionChooser.LeastSimilarity; left *= 2)
        {
            var trial = With(ranked.Skip(left));
            var reached = Similarity(exact, Rows(graph.With(trial), images.HeldOut));
            if (reached <= similarity) continue;
            (best, similarity) = ((trial, left), reached);
        }

        return best;

        OnnxModel With(IEnumerable<string> layers) => quantizer.Quantize(layers.ToHashSet(StringComparer.Ordinal), statistics, s_sumsSaturate);
    }

    private CalibrationImages Prepare() => CalibrationImages.Prepare(_chosen.Value, card, options.Decoder, options.Decode, options.Session.Threads, cancellationToken);

    private NetworkPrecisionInfo Measure(OnnxModel converted, IReadOnlyList<float[]> images, NetworkPrecisionInfo info)
    {
        using var before = Open(graph);
        using var after = Open(graph.With(converted), info.Precision == NetworkPrecision.Float16);
        return info with
        {
            Similarity = Similarity(Rows(before, images), Rows(after, images)),
            Speedup = Speedup(before, after, images),
        };
    }

    /// <summary>The ratio of the fastest of several runs each, taken in turns so that both see the machine's other work.</summary>
    private double Speedup(OnnxSession before, OnnxSession after, IReadOnlyList<float[]> images)
    {
        var batch = Enumerable.Range(0, SpeedBatch).SelectMany(i => images[i % images.Count]).ToArray();
        var rows = new float[SpeedBatch * graph.RowLength];
        var (slow, fast) = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (var round = 0; round < SpeedRounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            slow = Shorter(slow, before);
            fast = Shorter(fast, after);
        }

        return slow / fast;

        TimeSpan Shorter(TimeSpan best, OnnxSession session)
        {
            var clock = Stopwatch.StartNew();
            session.Run(batch, SpeedBatch, rows, cancellationToken: cancellationToken);
            return clock.Elapsed < best ? clock.Elapsed : best;
        }
    }

    private List<float[]> Rows(NetworkGraph network, IReadOnlyList<float[]> images)
    {
        using var session = Open(network);
        return Rows(session, images);
    }

    private List<float[]> Rows(OnnxSession session, IReadOnlyList<float[]> images)
    {
        var rows = new List<float[]>(images.Count);
        foreach (var image in images)
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.AddRange(session.Run(image, 1, cancellationToken: cancellationToken));
        }

        return rows;
    }

    private OnnxSession Open(NetworkGraph network, bool isHalf = false) => new(network, options.Session with { CaptureGraph = false, IsHalf = isHalf });

    /// <summary>The mean cosine of rows; equal ones are alike even where they are zero.</summary>
    private static double Similarity(List<float[]> exact, List<float[]> rounded) => exact.Zip(rounded, Similarity).Average();

    private static double Similarity(float[] exact, float[] rounded)
    {
        if (exact.AsSpan().SequenceEqual(rounded)) return 1;
        var cosine = TensorPrimitives.CosineSimilarity<float>(exact, rounded);
        return float.IsFinite(cosine) ? cosine : 0;
    }
}
