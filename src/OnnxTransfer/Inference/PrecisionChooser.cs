using OnnxTransfer.Backbones;
using OnnxTransfer.Onnx.Schema;

namespace OnnxTransfer.Inference;

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
    /// <param name="options">What is wanted, and what there is to measure it with.</param>
    /// <param name="cancellationToken">Stops the measuring.</param>
    /// <returns>The network, whole and as it is run.</returns>
    internal static (Backbone Backbone, NetworkGraph Graph, NetworkPrecisionInfo Info) Choose(
        Backbone backbone, string tensor, int dim, NetworkOptions options, CancellationToken cancellationToken)
    {
        var own = ConvertedNetwork.InfoOf(backbone.Model) ?? new(NetworkPrecision.Float32, "it is the precision of the file.");
        var graph = NetworkGraph.Of(backbone, tensor, dim);
        if (options.Precision == NetworkPrecision.Float32) return (backbone, graph, own);
        if (own.Precision != NetworkPrecision.Float32)
        {
            if (options.Precision != NetworkPrecision.Auto && options.Precision != own.Precision) Throw.PrecisionFixed(backbone.Name, own.Precision, options.Precision);
            return (backbone, graph, own);
        }

        var (converted, info) = Convert(new PrecisionTrial(graph, backbone.Card, options, cancellationToken), options);
        // A classifier trained on these features is saved with the network that made them.
        return converted is null ? (backbone, graph, info) : (backbone with { Model = converted }, graph.With(converted), info);
    }

    /// <summary>The converted network; null if it stays as it is.</summary>
    private static (OnnxModel? Model, NetworkPrecisionInfo Info) Convert(PrecisionTrial trial, NetworkOptions options)
    {
        try
        {
            return options.Precision switch
            {
                NetworkPrecision.Float16 => trial.ToHalf("16 bits were asked for."),
                NetworkPrecision.Int8 => trial.ToInt8("8 bits were asked for."),
                _ => Automatic(trial, options),
            };
        }
        catch (NotSupportedException exception)
        {
            // An operator that cannot be converted; a precision that was only to be tried is then left as it is.
            if (options.Precision != NetworkPrecision.Auto) throw Throw.ModelUnusable(exception);
            return Stay(exception.Message);
        }
    }

    private static (OnnxModel? Model, NetworkPrecisionInfo Info) Automatic(PrecisionTrial trial, NetworkOptions options)
    {
        if (options.CalibrationImages.Count < CalibrationImages.Fewest)
            return Stay($"OnnxTransfer chooses a lower precision by measuring it on at least {CalibrationImages.Fewest} of your images, but {options.CalibrationImages.Count} were given.");

        var half = trial.Provider != ExecutionProvider.Cpu;
        if (!half && !trial.CanBeInt8) return Stay("the network has no convolution that can be computed in 8 bits.");
        var converted = half ? trial.ToHalf("") : trial.ToInt8("");
        var (similarity, speedup) = (converted.Info.Similarity ?? 0, converted.Info.Speedup ?? 0);
        var measured = FormattableString.Invariant($"{(half ? "16" : "8")} bits give {speedup:0.00} times the images per second of float32 here, with features of similarity {similarity:0.0000}");
        if (similarity >= (half ? LeastHalfSimilarity : LeastSimilarity) && speedup >= LeastSpeedup) return (converted.Model, converted.Info with { Reason = $"{measured}. {converted.Info.Reason.Trim()}".Trim() });
        return Stay(FormattableString.Invariant(
            $"{measured}; at least {LeastSpeedup:0.0} times and {(half ? LeastHalfSimilarity : LeastSimilarity):0.000} are needed for a lower precision."));
    }

    private static (OnnxModel? Model, NetworkPrecisionInfo Info) Stay(string reason) => (null, new(NetworkPrecision.Float32, reason));
}
