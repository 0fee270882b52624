using System.Text.Json;

namespace OnnxTransfer.Conversion.Keras;

/// <summary>The weights of each kind of layer, in the order in which Keras creates and saves them.</summary>
internal static class KerasLayerWeights
{
    private static readonly string[] s_names =
        ["kernel", "depthwise_kernel", "pointwise_kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance", "mean", "variance", "count"];

    /// <summary>Whether Keras gives an array this name.</summary>
    public static bool IsName(string array) => s_names.Contains(array);

    /// <summary>The place of an array among those of its layer.</summary>
    public static int PlaceOf(string array) => Array.IndexOf(s_names, array);

    /// <summary>The names of a layer's weights; null for a kind that is not converted, and for a model.</summary>
    public static IReadOnlyList<string>? Names(KerasLayer layer)
    {
        var config = layer.Config;
        bool Has(string option) => config.ValueKind != JsonValueKind.Object || !config.TryGetProperty(option, out var value) || value.ValueKind != JsonValueKind.False;
        List<string> Biased(params string[] names) => [.. names, .. Has("use_bias") ? (string[])["bias"] : []];
        return layer.Kind switch
        {
            "Conv2D" or "Dense" => Biased("kernel"),
            "DepthwiseConv2D" => Biased("depthwise_kernel"),
            "SeparableConv2D" => Biased("depthwise_kernel", "pointwise_kernel"),
            "BatchNormalization" => [.. Has("scale") ? (string[])["gamma"] : [], .. Has("center") ? (string[])["beta"] : [], "moving_mean", "moving_variance"],
            "Normalization" => ["mean", "variance", "count"],
            _ => null,
        };
    }
}
