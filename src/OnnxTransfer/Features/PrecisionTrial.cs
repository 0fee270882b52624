using System.Diagnostics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics.X86;
using OnnxTransfer.Backbones;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Features;

/// <summary>Converts one network and measures what that costs and gains on the user's images.</summary>
internal sealed class PrecisionTrial(
    byte[] graph, OnnxModel model, string name, ModelCard card, string tensor, int dim, PrecisionRequest request, CancellationToken cancellationToken)
{
    private const int SpeedBatch = 8;
    private const int SpeedRounds = 5;
    private const int SensitivityImages = 4;

    /// <summary>
    /// Whether two products of bytes are added in 16 bits. AVX-512 processors with VNNI but without AVX-VNNI are taken for
    /// such: their weights are rounded a little coarser than they need be.
    /// </summary>
    private static readonly bool s_sumsSaturate = X86Base.IsSupported && !AvxVnni.IsSupported;

    private readonly long[] _imageShape = card.Input.ImageShape;
    private readonly Lazy<OnnxQuantizer> _quantizer = new(() => new OnnxQuantizer(model));
    private readonly Lazy<IReadOnlyList<ImageInput>> _chosen = new(() => CalibrationImages.Choose(request.Images));

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
    internal (byte[] Graph, NetworkPrecisionInfo Info) ToHalf(string reason)
    {
        var half = model.Clone();
        OnnxHalf.Convert(half);
        var info = new NetworkPrecisionInfo(NetworkPrecision.Float16, reason);
        if (request.Images.Count >= CalibrationImages.Fewest) info = Measure(half.ToBytes(), Prepare().HeldOut, info);
        return (ConvertedNetwork.Mark(half, info, key: ""), info);
    }

    /// <summary>The network in 8 bits, from the cache where it was converted before with the same images.</summary>
    internal (byte[] Graph, NetworkPrecisionInfo Info) ToInt8(string reason)
    {
        if (!CanBeInt8) Throw.NothingToQuantize(name);
        var cache = new ConvertedNetworkCache(Path.Combine(request.Store.Folder, "int8"));
        var key = ConvertedNetworkCache.Key(graph, card, request, _chosen.Value, s_sumsSaturate);
        if (cache.Find(key) is { } found) return (found.Graph, found.Info with { Reason = $"{reason} {found.Info.Reason}" });

        var images = Prepare();
        var (quantized, left) = Quantize(images);
        var count = _quantizer.Value.Layers.Count;
        var detail = left == 0 ? $"All {count} convolutions are in 8 bits." : $"{count - left} of {count} convolutions are in 8 bits; the others lose too much.";
        var info = Measure(quantized.ToBytes(), images.HeldOut, new NetworkPrecisionInfo(NetworkPrecision.Int8, detail));
        var marked = ConvertedNetwork.Mark(quantized, info, key);
        cache.Add(key, marked);
        return (marked, info with { Reason = $"{reason} {detail}" });
    }

    /// <summary>All layers in 8 bits; or, where that costs too much, without those that cost most.</summary>
    private (OnnxModel Model, int LeftInFloat) Quantize(CalibrationImages images)
    {
        var quantizer = _quantizer.Value;
        var statistics = ActivationRecorder.Record(
            quantizer.Float, name, card.Input.Tensor, _imageShape, quantizer.Activations, images.Calibration, request.Session.Threads, cancellationToken);
        var exact = Rows(graph, images.HeldOut);
        var best = (Model: With(quantizer.Layers), Left: 0);
        var similarity = Similarity(exact, Rows(best.Model.ToBytes(), images.HeldOut));
        if (similarity >= PrecisionChooser.LeastSimilarity) return best;

        // Each layer alone in 8 bits shows what it costs; then ever more of the costliest stay in float, up to half of all.
        List<float[]> few = [.. images.HeldOut.Take(SensitivityImages)];
        var exactFew = Rows(graph, few);
        var ranked = quantizer.Layers.OrderBy(layer => Similarity(exactFew, Rows(With([layer]).ToBytes(), few))).ToList();
        for (var left = 1; left <= ranked.Count / 2 && similarity < PrecisionChooser.LeastSimilarity; left *= 2)
        {
            var trial = With(ranked.Skip(left));
            var reached = Similarity(exact, Rows(trial.ToBytes(), images.HeldOut));
            if (reached <= similarity) continue;
            (best, similarity) = ((trial, left), reached);
        }

        return best;

        OnnxModel With(IEnumerable<string> layers) => quantizer.Quantize(layers.ToHashSet(StringComparer.Ordinal), statistics, s_sumsSaturate);
    }

    private CalibrationImages Prepare() => CalibrationImages.Prepare(_chosen.Value, card, request.Decoder, request.Decode, request.Session.Threads, cancellationToken);

    private NetworkPrecisionInfo Measure(byte[] converted, IReadOnlyList<float[]> images, NetworkPrecisionInfo info)
    {
        using var before = Open(graph);
        using var after = Open(converted, info.Precision == NetworkPrecision.Float16);
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
        var rows = new float[SpeedBatch * dim];
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
            session.Run(batch, SpeedBatch, rows);
            return clock.Elapsed < best ? clock.Elapsed : best;
        }
    }

    private List<float[]> Rows(byte[] network, IReadOnlyList<float[]> images)
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
            var row = new float[dim];
            session.Run(image, 1, row);
            rows.Add(row);
        }

        return rows;
    }

    private OnnxSession Open(byte[] network, bool isHalf = false) => new(network, name, card.Input.Tensor, _imageShape, tensor, dim, request.Session with { IsHalf = isHalf });

    /// <summary>The mean cosine of rows; equal ones are alike even where they are zero.</summary>
    private static double Similarity(List<float[]> exact, List<float[]> rounded) => exact.Zip(rounded, Similarity).Average();

    private static double Similarity(float[] exact, float[] rounded)
    {
        if (exact.AsSpan().SequenceEqual(rounded)) return 1;
        var cosine = TensorPrimitives.CosineSimilarity<float>(exact, rounded);
        return float.IsFinite(cosine) ? cosine : 0;
    }
}
