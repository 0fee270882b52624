using OnnxTransfer.Backbones;
using OnnxTransfer.Decoding;
using OnnxTransfer.Internals;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Features;

/// <summary>What a caller wants of a network's precision, and what there is to measure it with.</summary>
/// <param name="Precision">The precision asked for.</param>
/// <param name="Images">Images like those that the network will see; empty for none.</param>
/// <param name="Session">Where the network runs.</param>
/// <param name="Decoder">Decodes the images.</param>
/// <param name="Decode">Limits and background.</param>
/// <param name="Store">Where converted networks are kept, beside the downloaded ones.</param>
internal sealed record PrecisionRequest(
    NetworkPrecision Precision, IReadOnlyList<ImageInput> Images, SessionSettings Session, IImageDecoder Decoder, DecodeOptions Decode, ModelStore Store);

/// <summary>Brings a network to the precision that was asked for, or for <see cref="NetworkPrecision.Auto"/> to the one that measures best.</summary>
internal static class PrecisionChooser
{
    /// <summary>The least similarity of features that <see cref="NetworkPrecision.Auto"/> takes for a gain in speed.</summary>
    internal const double LeastSimilarity = 0.99;

    private const double LeastHalfSimilarity = 0.999;
    private const double LeastSpeedup = 1.1;

    /// <summary>The network to run, and what it computes with.</summary>
    /// <param name="backbone">The network as it was published or saved.</param>
    /// <param name="tensor">Its output.</param>
    /// <param name="dim">The length of one row of it.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="cancellationToken">Stops the measuring.</param>
    internal static (Backbone Backbone, NetworkPrecisionInfo Info) Choose(
        Backbone backbone, string tensor, int dim, PrecisionRequest request, CancellationToken cancellationToken)
    {
        var own = Own(backbone.Model);
        if (request.Precision == NetworkPrecision.Float32) return (backbone, own);
        if (own.Precision != NetworkPrecision.Float32)
        {
            if (request.Precision != NetworkPrecision.Auto && request.Precision != own.Precision) Throw.PrecisionFixed(backbone.Name, own.Precision, request.Precision);
            return (backbone, own);
        }

        var graph = backbone.GraphFor(tensor, dim);
        var trial = new PrecisionTrial(graph, OnnxModel.Parse(graph, backbone.Name), backbone.Name, backbone.Card, tensor, dim, request, cancellationToken);
        var (chosen, info) = Convert(graph, trial, request);
        return (info.Precision == NetworkPrecision.Float32 ? backbone : backbone with { Model = OnnxModel.Parse(chosen, backbone.Name) }, info);
    }

    private static (byte[] Graph, NetworkPrecisionInfo Info) Convert(byte[] graph, PrecisionTrial trial, PrecisionRequest request)
    {
        try
        {
            return request.Precision switch
            {
                NetworkPrecision.Float16 => trial.ToHalf("16 bits were asked for."),
                NetworkPrecision.Int8 => trial.ToInt8("8 bits were asked for."),
                _ => Automatic(graph, trial, request),
            };
        }
        catch (NotSupportedException exception)
        {
            // An operator that cannot be converted; a precision that was only to be tried is then left as it is.
            if (request.Precision != NetworkPrecision.Auto) throw Throw.ModelUnusable(exception);
            return (graph, new(NetworkPrecision.Float32, exception.Message));
        }
    }

    /// <summary>The precision that a file was made with.</summary>
    private static NetworkPrecisionInfo Own(OnnxModel model) =>
        ConvertedNetwork.InfoOf(model) ?? new(NetworkPrecision.Float32, "it is the precision of the file.");

    private static (byte[] Graph, NetworkPrecisionInfo Info) Automatic(byte[] graph, PrecisionTrial trial, PrecisionRequest request)
    {
        if (request.Images.Count < CalibrationImages.Fewest)
            return (graph, new(NetworkPrecision.Float32, $"a lower precision is chosen by measuring it on at least {CalibrationImages.Fewest} of your images, and {request.Images.Count} were given."));

        var half = trial.Provider != ExecutionProvider.Cpu;
        if (!half && !trial.CanBeInt8) return (graph, new(NetworkPrecision.Float32, "the network has no convolution that can be computed in 8 bits."));
        var converted = half ? trial.ToHalf("") : trial.ToInt8("");
        var (similarity, speedup) = (converted.Info.Similarity ?? 0, converted.Info.Speedup ?? 0);
        var measured = FormattableString.Invariant($"{(half ? "16" : "8")} bits give {speedup:0.00} times the images per second of float32 here, with features of similarity {similarity:0.0000}");
        if (similarity >= (half ? LeastHalfSimilarity : LeastSimilarity) && speedup >= LeastSpeedup) return (converted.Graph, converted.Info with { Reason = $"{measured}. {converted.Info.Reason.Trim()}".Trim() });
        return (graph, new(NetworkPrecision.Float32, FormattableString.Invariant(
            $"{measured}; at least {LeastSpeedup:0.0} times and {(half ? LeastHalfSimilarity : LeastSimilarity):0.000} are asked of a lower precision.")));
    }
}
